//! The instructions of the unit, on processors that lack it: so that the kernels can be tested, machine code and all.
//!
//! Where an instruction is unknown, the processor signals. The handler reads it and does what it says, one number after the other,
//! as Intel's manual of the instruction set defines it: sums of even and of odd depths apart, each product added with one
//! rounding, then both added to what is there; what is below the normal numbers counts as zero.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::{addr_of_mut, null_mut, read_unaligned};
use std::sync::Once;

/// The registers of a thread.
struct State {
    tiles: [[[u8; 64]; 16]; 8],
    shaped: bool,
}

thread_local! {
    static STATE: UnsafeCell<State> = const { UnsafeCell::new(State { tiles: [[[0; 64]; 16]; 8], shaped: false }) };
}

/// Emulates the instructions in this process from now on.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler is a function of the kind that `SA_SIGINFO` calls for.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = on_illegal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(libc::SIGILL, &action, null_mut()), 0);
        }
    });
}

extern "C" fn on_illegal(signal: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system hands over the thread's registers; the instruction at the place that it stopped can be read. The state
    // is this thread's, which is in no other handler.
    unsafe {
        let registers = &mut *addr_of_mut!((*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs);
        let code = registers[libc::REG_RIP as usize] as *const u8;
        let done = STATE.with(|state| run(&mut *state.get(), registers, code));
        match done {
            Some(length) => registers[libc::REG_RIP as usize] += length,
            // Not ours: the program stops where it would have.
            None => _ = libc::signal(signal, libc::SIG_DFL),
        }
    }
}

/// Runs an instruction; its length, or `None` if it is another.
///
/// # Safety
/// `code` must be an instruction that the processor came to with these registers.
unsafe fn run(state: &mut State, registers: &[i64], code: *const u8) -> Option<i64> {
    // SAFETY: an instruction of at least five bytes, once its first one has been read; operands are where it says.
    unsafe {
        if *code != 0xc4 {
            return None;
        }
        let [one, two, opcode, modrm] = read_unaligned(code.add(1).cast::<[u8; 4]>());
        if one & 0x1f != 2 || two & 0x84 != 0 {
            return None;
        }
        let (prefix, register) = (two & 3, usize::from(modrm >> 3 & 7));
        let in_memory = modrm >> 6 != 3;
        if opcode != 0x49 || (!in_memory && prefix == 3) {
            assert!(state.shaped, "tiles without a shape");
        }
        match (opcode, prefix, in_memory) {
            (0x49, 0, true) if register == 0 => {
                let (address, _, length) = address(registers, code, one)?;
                let shape = read_unaligned(address as *const [u8; 64]);
                let whole = (0..8).all(|tile| shape[16 + 2 * tile] == 64 && shape[48 + tile] == 16);
                assert!(shape[0] == 1 && shape[1..16].iter().all(|&byte| byte == 0) && whole, "a shape of other tiles");
                *state = State { tiles: [[[0; 64]; 16]; 8], shaped: true };
                Some(length)
            }
            (0x49, 0, false) if modrm == 0xc0 => {
                state.shaped = false;
                Some(5)
            }
            (0x49, 3, false) => {
                state.tiles[register] = [[0; 64]; 16];
                Some(5)
            }
            (0x4b, 3 | 2, true) => {
                let (address, step, length) = address(registers, code, one)?;
                for (row, line) in state.tiles[register].iter_mut().enumerate() {
                    let place = (address + row as i64 * step) as *mut [u8; 64];
                    if prefix == 3 { *line = place.read_unaligned() } else { place.write_unaligned(*line) }
                }
                Some(length)
            }
            (0x5c, 2, false) => {
                let right = state.tiles[usize::from(!two >> 3 & 7)];
                let left = state.tiles[usize::from(modrm & 7)];
                add_products(&mut state.tiles[register], &left, &right);
                Some(5)
            }
            _ => None,
        }
    }
}

/// The address that an instruction means, what its index register holds times the scale, and the instruction's length. Where
/// tiles are moved the index is the step between rows and not a part of the address.
///
/// # Safety
/// As for [`run`].
unsafe fn address(registers: &[i64], code: *const u8, extension: u8) -> Option<(i64, i64, i64)> {
    // The names by number.
    const NAMES: [libc::c_int; 16] = [
        libc::REG_RAX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RBX,
        libc::REG_RSP,
        libc::REG_RBP,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
    ];
    let value =
        |number: u8, extended: bool| registers[NAMES[usize::from(number) + if extended { 8 } else { 0 }] as usize];
    // SAFETY: an instruction has all the bytes that its first ones announce.
    unsafe {
        let modrm = *code.add(4);
        let (form, low) = (modrm >> 6, modrm & 7);
        let extended_base = extension & 0x20 == 0;
        let (base, index, mut length) = if low == 4 {
            let sib = *code.add(5);
            let none = sib >> 3 & 7 == 4 && extension & 0x40 != 0;
            let index = if none { 0 } else { value(sib >> 3 & 7, extension & 0x40 == 0) << (sib >> 6) };
            if form == 0 && sib & 7 == 5 {
                return None;
            }
            (value(sib & 7, extended_base), index, 6)
        } else if form == 0 && low == 5 {
            return None;
        } else {
            (value(low, extended_base), 0, 5)
        };
        let displacement = match form {
            0 => 0,
            1 => i64::from(read_unaligned(code.add(length as usize).cast::<i8>())),
            _ => i64::from(read_unaligned(code.add(length as usize).cast::<i32>())),
        };
        length += [0, 1, 4][usize::from(form)];
        Some((base + displacement, index, length))
    }
}

/// A number, zero if it is below the normal ones.
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0.0f32.copysign(x) } else { x }
}

/// `sums += left right`.
fn add_products(sums: &mut [[u8; 64]; 16], left: &[[u8; 64]; 16], right: &[[u8; 64]; 16]) {
    let half = |line: &[u8; 64], at: usize| {
        flushed(f32::from_bits(u32::from(u16::from_le_bytes([line[2 * at], line[2 * at + 1]])) << 16))
    };
    let right: Vec<[f32; 32]> = right.iter().map(|line| std::array::from_fn(|at| half(line, at))).collect();
    for (line, left) in sums.iter_mut().zip(left) {
        let mut parts = [[0.0f32; 2]; 16];
        for (pair, right) in right.iter().enumerate() {
            let left = [half(left, 2 * pair), half(left, 2 * pair + 1)];
            for (column, part) in parts.iter_mut().enumerate() {
                for odd in 0..2 {
                    part[odd] = flushed(left[odd].mul_add(right[2 * column + odd], part[odd]));
                }
            }
        }
        for (bytes, part) in line.as_chunks_mut::<4>().0.iter_mut().zip(parts) {
            let sum = flushed(flushed(f32::from_le_bytes(*bytes)) + flushed(part[0] + part[1]));
            *bytes = sum.to_le_bytes();
        }
    }
}
