//! The ordered registries of modules, generic over the handle they hold, and the walks through them.
//!
//! A handle stands for a parameter, a buffer, a module or a hook. This level knows neither tensors nor Python: the
//! bindings hold Python objects in it, the tests hold integers. [`World`] is what a walk has to know about handles.

pub mod hooks;
pub mod module;
pub mod registry;
pub mod repr;
pub mod state_dict;
pub mod walk;

use module::ModuleState;
use walk::WalkError;

/// The world in which handles live: which of them are the same, and what stands behind one that is a module.
pub trait World {
    /// Stands for a parameter, a buffer, a module or a hook.
    type Handle;
    /// What can go wrong, errors of overridden walks included.
    type Error: From<WalkError>;
    /// The modules that a walk has been at. Whoever overrides a walk may get it to see, so the world says what it is.
    type Seen;
    /// A walk that a module's class defines itself.
    type OwnWalk;

    /// Tells handles apart: equal for two handles of the same thing, as long as one of them lives.
    fn identity(&self, handle: &Self::Handle) -> usize;

    /// Another handle of the same thing.
    fn share(&self, handle: &Self::Handle) -> Self::Handle;

    /// Looks at a module's state. `look` must not come back to the module: its state may be locked.
    fn read<R>(
        &self,
        module: &Self::Handle,
        look: impl FnOnce(&ModuleState<Self::Handle>) -> R,
    ) -> Result<R, Self::Error>;

    /// Whether a walk has not been at a module yet. With `mark`, it has been there from now on.
    fn is_new(&self, seen: &mut Self::Seen, module: &Self::Handle, mark: bool) -> Result<bool, Self::Error>;

    /// The walk that the module's class defines itself, if it does.
    fn own_walk(
        &self,
        module: &Self::Handle,
        path: &str,
        seen: &mut Self::Seen,
        unique: bool,
    ) -> Result<Option<Self::OwnWalk>, Self::Error>;

    /// The next module of such a walk, and its path.
    fn advance(&self, walk: &mut Self::OwnWalk) -> Result<Option<(String, Self::Handle)>, Self::Error>;
}
