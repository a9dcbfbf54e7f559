//! The structures of DLPack 1.0, and of the time before it had versions.

use crate::array::DType;
use std::ffi::{CStr, c_void};

/// The kind of device that has ordinary memory.
pub const CPU: i32 = 1;
/// The version that is spoken.
pub const VERSION: (u32, u32) = (1, 0);
/// A flag: the memory must not be written.
pub const READ_ONLY: u64 = 1;
/// A flag: the memory is a copy made for the consumer.
pub const IS_COPIED: u64 = 2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Device {
    pub kind: i32,
    pub index: i32,
}

#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DataType {
    pub code: u8,
    pub bits: u8,
    pub lanes: u16,
}

impl DataType {
    pub fn of(dtype: DType) -> Self {
        let code = match dtype {
            DType::Bool => 6,
            DType::U8 => 1,
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
            DType::BF16 => 4,
            DType::F16 | DType::F32 | DType::F64 => 2,
        };
        DataType { code, bits: 8 * dtype.size() as u8, lanes: 1 }
    }

    pub fn dtype(self) -> Option<DType> {
        DType::ALL.iter().copied().find(|&dtype| DataType::of(dtype) == self)
    }
}

#[repr(C)]
pub struct Tensor {
    pub data: *mut c_void,
    pub device: Device,
    pub ndim: i32,
    pub dtype: DataType,
    pub shape: *mut i64,
    /// In elements; null for row-major order.
    pub strides: *mut i64,
    pub byte_offset: u64,
}

/// A tensor with its owner, as it was before version 1.
#[repr(C)]
pub struct Managed {
    pub tensor: Tensor,
    pub owner: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut Managed)>,
}

/// A tensor with its owner.
#[repr(C)]
pub struct Versioned {
    pub major: u32,
    pub minor: u32,
    pub owner: *mut c_void,
    pub deleter: Option<unsafe extern "C" fn(*mut Versioned)>,
    pub flags: u64,
    pub tensor: Tensor,
}

/// Both kinds of managed tensors.
///
/// # Safety
/// The names belong to capsules that hold a pointer to this very structure.
pub unsafe trait Kind: Sized + 'static {
    /// The name of a capsule whose contents nobody has taken.
    const NAME: &'static CStr;
    /// The name of a capsule whose contents somebody has taken.
    const USED: &'static CStr;
    fn tensor(&self) -> &Tensor;
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)>;
    fn flags(&self) -> u64;
    /// The version, of structures that have one.
    fn version(&self) -> Option<(u32, u32)>;
    fn new(tensor: Tensor, owner: *mut c_void, deleter: unsafe extern "C" fn(*mut Self), flags: u64) -> Self;
    fn owner(&self) -> *mut c_void;
}

// SAFETY: the protocol's names.
unsafe impl Kind for Managed {
    const NAME: &'static CStr = c"dltensor";
    const USED: &'static CStr = c"used_dltensor";
    fn tensor(&self) -> &Tensor {
        &self.tensor
    }
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.deleter
    }
    fn flags(&self) -> u64 {
        0
    }
    fn version(&self) -> Option<(u32, u32)> {
        None
    }
    fn new(tensor: Tensor, owner: *mut c_void, deleter: unsafe extern "C" fn(*mut Self), _flags: u64) -> Self {
        Managed { tensor, owner, deleter: Some(deleter) }
    }
    fn owner(&self) -> *mut c_void {
        self.owner
    }
}

// SAFETY: the protocol's names.
unsafe impl Kind for Versioned {
    const NAME: &'static CStr = c"dltensor_versioned";
    const USED: &'static CStr = c"used_dltensor_versioned";
    fn tensor(&self) -> &Tensor {
        &self.tensor
    }
    fn deleter(&self) -> Option<unsafe extern "C" fn(*mut Self)> {
        self.deleter
    }
    fn flags(&self) -> u64 {
        self.flags
    }
    fn version(&self) -> Option<(u32, u32)> {
        Some((self.major, self.minor))
    }
    fn new(tensor: Tensor, owner: *mut c_void, deleter: unsafe extern "C" fn(*mut Self), flags: u64) -> Self {
        Versioned { major: VERSION.0, minor: VERSION.1, owner, deleter: Some(deleter), flags, tensor }
    }
    fn owner(&self) -> *mut c_void {
        self.owner
    }
}
