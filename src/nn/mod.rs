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

use module::Kind;
use walk::{Cursor, Found, WalkError};

/// What handles are, and what a walk carries along with them.
pub trait Kinds {
    /// Stands for a parameter, a buffer, a module or a hook.
    type Handle;
    /// A dotted path.
    type Path;
    /// The modules that a walk has been at. Whoever overrides a walk may get it to see, so it is not ours to say.
    type Seen;
    /// A walk that a module's class defines itself.
    type OwnWalk;
}

/// The world in which handles live: which of them are the same, and what stands behind one that is a module.
pub trait World<K: Kinds> {
    /// What can go wrong, errors of overridden walks included.
    type Error: From<WalkError>;

    /// Tells handles apart: equal for two handles of the same thing, as long as one of them lives.
    fn identity(&self, handle: &K::Handle) -> usize;

    /// Another handle of the same thing.
    fn share(&self, handle: &K::Handle) -> K::Handle;

    /// The entry that a cursor comes to in a registry of a module. With the module's own path, the entry has its path
    /// too: the two joined by a dot, or its name alone where the module's is empty.
    fn entry(
        &self,
        module: &K::Handle,
        kind: Kind,
        cursor: &mut Cursor,
        path: Option<&K::Path>,
    ) -> Result<Option<Found<K>>, Self::Error>;

    /// Whether a walk has not been at a module yet. With `mark`, it has been there from now on.
    fn is_new(&self, seen: &mut K::Seen, module: &K::Handle, mark: bool) -> Result<bool, Self::Error>;

    /// The walk that the module's class defines itself, if it does.
    fn own_walk(
        &self,
        module: &K::Handle,
        path: &K::Path,
        seen: &mut K::Seen,
        unique: bool,
    ) -> Result<Option<K::OwnWalk>, Self::Error>;

    /// The next module of such a walk, and its path.
    fn advance(&self, walk: &mut K::OwnWalk) -> Result<Option<(K::Path, K::Handle)>, Self::Error>;
}
