//! Tells the bindings which Python they are built for (`Py_GIL_DISABLED` and the like).

fn main() {
    #[cfg(feature = "python")]
    pyo3_build_config::use_pyo3_cfgs();
}
