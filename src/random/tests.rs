//! Every distribution against what PyTorch gave: `tests/golden/random.tsv`, written by `make_random.py` beside it.

use half::{bf16, f16};

use super::*;

/// The bytes of values, little endian.
trait Bytes {
    fn bytes(&self) -> Vec<u8>;
}

macro_rules! bytes {
    ($($type:ty, $value:ident => $bytes:expr;)*) => {$(
        impl Bytes for [$type] {
            fn bytes(&self) -> Vec<u8> {
                self.iter().flat_map(|$value| $bytes).collect()
            }
        }
    )*};
}
bytes! {
    f32, v => v.to_le_bytes();
    f64, v => v.to_le_bytes();
    f16, v => v.to_le_bytes();
    bf16, v => v.to_le_bytes();
    i64, v => v.to_le_bytes();
    i32, v => v.to_le_bytes();
    i16, v => v.to_le_bytes();
    i8, v => v.to_le_bytes();
    u8, v => [*v];
    bool, v => [u8::from(*v)];
}

fn fnv(bytes: &[u8]) -> String {
    let fold = |value: u64, &byte: &u8| (value ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    format!("{:016x}", bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs a call that every type has.
fn any<T: Integer>(name: &str, words: &[&str], size: usize, generator: &mut Generator) -> Option<Vec<u8>>
where
    [T]: Bytes,
{
    let mut out = vec![T::from_i64(0); size];
    match (name, words) {
        ("bernoulli", [p]) => fill_bernoulli(generator, &mut out, p.parse().unwrap()),
        ("bernoulli_with_f32", []) => {
            let p: Vec<f32> = (0..size).map(|i| (i % 8) as f32 / 8.0).collect();
            fill_bernoulli_with(generator, &mut out, &p).unwrap();
        }
        ("bernoulli_with_f64", []) => {
            let p: Vec<f64> = (0..size).map(|i| (i % 8) as f64 / 8.0).collect();
            fill_bernoulli_with(generator, &mut out, &p).unwrap();
        }
        ("geometric", [p]) => fill_geometric(generator, &mut out, p.parse().unwrap()),
        ("permutation", []) => fill_permutation(generator, &mut out),
        ("integers", ["whole"]) => fill_integers(generator, &mut out, IntRange::Whole),
        ("integers", [from, to]) => {
            let from = if *from == "min" { i64::MIN } else { from.parse().unwrap() };
            fill_integers(generator, &mut out, IntRange::new::<T>(from, to.parse().ok()).unwrap());
        }
        _ => return None,
    }
    Some(out.bytes())
}

/// Runs a call that float types have.
fn real<T: Real + Integer>(name: &str, words: &[&str], size: usize, generator: &mut Generator) -> Option<Vec<u8>>
where
    [T]: Bytes,
{
    let mut out = vec![T::from_i64(0); size];
    let numbers: Vec<f64> = words.iter().map_while(|word| word.parse().ok()).collect();
    match (name, &numbers[..]) {
        ("uniform", &[from, to]) => fill_uniform(generator, &mut out, from, to),
        ("normal", &[mean, std]) => fill_normal(generator, &mut out, mean, std),
        ("normal_serial", &[mean, std]) => fill_normal_serial(generator, &mut out, mean, std),
        ("exponential", &[lambda]) => fill_exponential(generator, &mut out, lambda),
        ("cauchy", &[median, sigma]) => fill_cauchy(generator, &mut out, median, sigma),
        ("log_normal", &[mean, std]) => fill_log_normal(generator, &mut out, mean, std),
        ("multinomial", []) => {
            let weights: Vec<T> = (0..size).map(|i| T::from_f64(((i * 5 + 3) % 8) as f64 / 8.0)).collect();
            let mut places = vec![0; size];
            sample_with_replacement(generator, &weights, &mut places);
            return Some(places.bytes());
        }
        _ => return any::<T>(name, words, size, generator),
    }
    Some(out.bytes())
}

fn run(call: &str, dtype: &str, size: usize, generator: &mut Generator) -> Option<Vec<u8>> {
    let mut words = call.split(' ');
    let name = words.next()?;
    let words: Vec<&str> = words.collect();
    match dtype {
        "f32" => real::<f32>(name, &words, size, generator),
        "f64" => real::<f64>(name, &words, size, generator),
        "f16" => real::<f16>(name, &words, size, generator),
        "bf16" => real::<bf16>(name, &words, size, generator),
        "i64" => any::<i64>(name, &words, size, generator),
        "i32" => any::<i32>(name, &words, size, generator),
        "i16" => any::<i16>(name, &words, size, generator),
        "i8" => any::<i8>(name, &words, size, generator),
        "u8" => any::<u8>(name, &words, size, generator),
        "bool" => any::<bool>(name, &words, size, generator),
        _ => None,
    }
}

#[test]
#[cfg_attr(miri, ignore = "draws for minutes there; the tests of each kind of draw do not")]
fn streams_equal_those_of_pytorch() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/random.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let mut generator = Generator::new();
    let (mut calls, mut wrong) = (0, Vec::new());
    for line in table.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["seed", seed] => generator.manual_seed(seed.parse().unwrap()),
            [call, dtype, size, state, values, shown] => {
                calls += 1;
                let size = size.parse().unwrap();
                let bytes = run(call, dtype, size, &mut generator).unwrap_or_else(|| panic!("no such call: {line}"));
                if fnv(&generator.state()) != state {
                    wrong.push(format!("{call} {dtype} {size}: other state"));
                }
                if fnv(&bytes) != values {
                    wrong.push(format!(
                        "{call} {dtype} {size}: expected {shown}, got {}",
                        hex(&bytes[..bytes.len().min(64)])
                    ));
                }
            }
            _ => panic!("not a line of the table: {line}"),
        }
    }
    assert!(calls > 500, "only {calls} calls in the table");
    assert!(wrong.is_empty(), "{} of {calls} calls differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_uniform_that_rounds_up_to_the_end_becomes_the_start() {
    // Between 1 and 1 + 1/128 there is no bf16 number, so that every draw rounds to one of the two.
    let mut out = [bf16::ZERO; 1000];
    fill_uniform(&mut Generator::with_seed(1), &mut out, 1.0, 1.0 + 1.0 / 128.0);
    assert!(out.iter().all(|&value| value == bf16::ONE));
}

#[test]
fn ranges_that_a_type_cannot_hold_are_refused() {
    assert!(IntRange::new::<i64>(3, Some(3)).is_err());
    assert!(IntRange::new::<u8>(-1, Some(3)).is_err());
    assert!(IntRange::new::<u8>(0, Some(257)).is_err());
    assert!(IntRange::new::<u8>(0, Some(256)).is_ok());
    assert!(IntRange::new::<bool>(0, Some(3)).is_err());
    assert!(IntRange::new::<i8>(200, None).is_err());
    assert!(IntRange::new::<f16>(0, Some(100_000)).is_err());
    assert!(IntRange::new::<f16>(2047, None).is_ok());
    assert!(IntRange::new::<f16>(2048, None).is_err());
    assert_eq!(IntRange::new::<i64>(i64::MIN, None).unwrap(), IntRange::All);
    assert_eq!(IntRange::new::<i64>(0, None).unwrap(), IntRange::Within { base: 0, count: 1 << 63 });
}

#[test]
fn probabilities_outside_the_unit_interval_are_named() {
    let mut out = [0f32; 3];
    let mut generator = Generator::new();
    assert_eq!(fill_bernoulli_with(&mut generator, &mut out, &[0.0, 1.5, 1.0]), Err(1));
    assert_eq!(fill_bernoulli_with(&mut generator, &mut out, &[0.0, 1.0, f64::NAN]), Err(2));
    assert_eq!(fill_bernoulli_with(&mut generator, &mut out, &[0.0, 1.0, 1.0]), Ok(()));
    assert_eq!(out, [0.0, 1.0, 1.0]);
}
