//! Whether there is such a unit.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};

/// The bits of the processor's features (leaf 7, `edx`): tiles, and their products in `bf16`.
const FEATURES: u32 = 1 << 24 | 1 << 22;
/// The bits of the state that the system keeps for a thread: the shape of tiles, and tiles.
const STATE: u32 = 1 << 17 | 1 << 18;
/// Linux's call that asks for a part of the state, and the part.
const REQUEST: (libc::c_int, libc::c_ulong) = (0x1023, 18);

/// Whether processor and system have what it takes, and this process may use it.
pub fn available() -> bool {
    has_features() && keeps_state() && permitted()
}

#[allow(unused_unsafe)]
fn has_features() -> bool {
    // SAFETY: every x86-64 processor has the instruction; a leaf is asked for only if there is one.
    unsafe { __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & FEATURES == FEATURES }
}

#[allow(unused_unsafe)]
fn keeps_state() -> bool {
    // SAFETY: as above; `xgetbv` is there where the system says so (`osxsave`).
    unsafe {
        let osxsave = __cpuid(1).ecx & 1 << 27 != 0;
        let kept: u32;
        if !osxsave {
            return false;
        }
        asm!("xgetbv", in("ecx") 0, out("eax") kept, out("edx") _, options(nomem, nostack, preserves_flags));
        kept & STATE == STATE
    }
}

fn permitted() -> bool {
    // SAFETY: a system call that takes two numbers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_arch_prctl, REQUEST.0, REQUEST.1) == 0 }
}
