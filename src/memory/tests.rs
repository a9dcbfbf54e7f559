use super::*;
use std::sync::mpsc::channel;

/// Tests of caches share them with all others, so each uses a size of its own.
fn fill(block: &Block, byte: u8) {
    // SAFETY: the block is this test's, and has so many bytes.
    unsafe { block.as_ptr().write_bytes(byte, block.bytes()) };
}

fn holds(block: &Block, byte: u8) -> bool {
    // SAFETY: as in `fill`, which has initialised the bytes.
    unsafe { std::slice::from_raw_parts(block.as_ptr(), block.bytes()) }.iter().all(|&b| b == byte)
}

#[test]
fn blocks_are_aligned_large_enough_and_distinct() {
    let sizes = [0, 1, 63, 64, 65, 1000, 65536, 65537, 1 << 20, (1 << 20) + 1, (3 << 20) + 5];
    for &bytes in &sizes[..if cfg!(miri) { 6 } else { sizes.len() }] {
        let blocks: Vec<Block> = (0..3).map(|_| Block::new(bytes).unwrap()).collect();
        for (number, block) in blocks.iter().enumerate() {
            assert!(block.as_ptr() as usize % ALIGN == 0 && block.bytes() >= bytes);
            fill(block, number as u8);
        }
        assert!(blocks.iter().enumerate().all(|(number, block)| holds(block, number as u8)), "{bytes}");
    }
}

#[test]
fn a_freed_block_is_used_again() {
    for bytes in [11 * 64, 90 << 10, 5 << 20] {
        // Other tests may take a block of the pool in between, or a part of it, but not every time.
        let again = (0..100).any(|_| {
            std::thread::yield_now();
            let address = Block::new(bytes).unwrap().as_ptr();
            Block::new(bytes).unwrap().as_ptr() == address
        });
        assert!(again, "{bytes}");
    }
}

#[test]
#[cfg_attr(miri, ignore = "looks at 77 MB")]
fn fresh_large_blocks_are_zero_and_used_ones_are_not_said_to_be() {
    // Other tests may free as much in between, but not in one piece.
    empty_cache();
    let (block, zeroed) = Block::take(77 << 20).unwrap();
    assert_eq!(zeroed, cfg!(target_os = "linux"));
    assert!(!zeroed || holds(&block, 0));
    fill(&block, 9);
    drop(block);
    let (block, zeroed) = Block::take(77 << 20).unwrap();
    assert!(!zeroed || holds(&block, 0));
}

#[test]
#[cfg_attr(miri, ignore = "Miri ends where memory does")]
fn hopeless_sizes_are_refused() {
    let before = stats().failures;
    assert!(matches!(Block::new(1 << 50), Err(Error::OutOfMemory { bytes }) if bytes == 1 << 50));
    assert!(stats().failures > before && stats().retries > 0);
    assert!(Block::new(usize::MAX).is_err());
}

#[test]
fn blocks_may_be_freed_by_another_thread() {
    let (to, from) = channel::<Block>();
    let freeing = std::thread::spawn(move || from.iter().map(|block| block.bytes()).sum::<usize>());
    let mut sent = 0;
    for round in 0..if cfg!(miri) { 50 } else { 2000 } {
        let block = Block::new((round * 7919) % 300_000).unwrap();
        fill(&block, 1);
        sent += block.bytes();
        to.send(block).unwrap();
    }
    drop(to);
    assert_eq!(freeing.join().unwrap(), sent);
}

#[test]
fn threads_never_share_a_block() {
    let (rounds, sizes) = if cfg!(miri) { (12, [70, 500, 5000, 66_000]) } else { (600, [70, 5000, 70_000, 200_000]) };
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            scope.spawn(move || {
                let mut held: Vec<Block> = Vec::new();
                for round in 0..rounds {
                    let block = Block::new(sizes[round % 4] + thread as usize).unwrap();
                    fill(&block, thread);
                    held.push(block);
                    if round % 3 == 2 {
                        assert!(holds(&held.swap_remove(round % held.len()), thread));
                    }
                    if held.len() > 20 {
                        held.clear();
                    }
                    if round % (rounds / 3) == rounds / 3 - 1 {
                        empty_cache();
                    }
                }
                assert!(held.iter().all(|block| holds(block, thread)));
            });
        }
    });
}

#[test]
fn counts_follow_blocks() {
    let block = Block::new(123 << 20).unwrap();
    let with = stats();
    assert!(with.allocated_bytes.current >= 123 << 20 && with.reserved_bytes.current >= 123 << 20);
    assert!(with.allocated_bytes.peak >= with.allocated_bytes.current && with.allocations.current > 0);
    assert!(with.segments.current > 0 && with.segments.allocated > 0 && with.taken > 0);
    drop(block);
    let without = stats();
    assert!(without.allocated_bytes.freed >= with.allocated_bytes.freed + (123 << 20));
}
