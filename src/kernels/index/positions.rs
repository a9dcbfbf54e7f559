//! Where a mask is set.

/// The row-major positions of the elements that are true.
pub fn positions(mask: &[bool]) -> Vec<usize> {
    let count = mask.iter().map(|&m| m as usize).sum();
    let mut out = Vec::with_capacity(count);
    for (start, word) in mask.chunks(64).enumerate() {
        // A word of bits at a time, so that sparse masks cost little.
        let mut bits = word.iter().enumerate().fold(0u64, |bits, (i, &m)| bits | (m as u64) << i);
        while bits != 0 {
            out.push(start * 64 + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn positions_are_those_of_the_set_elements() {
        let mask: Vec<bool> = (0..1000).map(|i| i % 7 == 0 || (300..400).contains(&i)).collect();
        let expected: Vec<usize> = (0..1000).filter(|&i| mask[i]).collect();
        assert_eq!(super::positions(&mask), expected);
        assert!(super::positions(&[]).is_empty());
    }
}
