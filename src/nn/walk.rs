//! Walks through a tree of modules: its modules, its members (parameters or buffers), its children.
//!
//! Walks are lazy, as PyTorch's are: one step reads the registries as they are at that time. They keep a stack of
//! their own, so a deep tree needs no deep recursion, and hold what they have been at, so that an address that is
//! given to a new object does not look like an old one.

mod visited;

pub use visited::Visited;

use super::module::Kind;
use super::registry::{Name, Registry};
use super::{Kinds, World};

/// How deep a walk goes before it takes the tree for a cycle.
const DEEPEST: usize = 10_000;

/// What stops a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// A registry grew or shrank between two steps.
    #[error("dictionary changed size during iteration")]
    ChangedSize,
    /// A module is its own descendant, and the walk was told to visit it each time.
    #[error("maximum recursion depth exceeded: modules are nested deeper than {DEEPEST}, or contain themselves")]
    TooDeep,
}

/// Adds a name to a dotted path.
pub fn join(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// A place in a registry that may change under it.
#[derive(Debug, Default)]
pub struct Cursor {
    next: usize,
    len: Option<usize>,
    /// The number of changes of the registry's owner that the cursor knows of, if somebody counts them.
    changes: Option<u32>,
}

impl Cursor {
    /// Whether the cursor stands behind the last entry of a registry whose owner has not changed since; then there is
    /// nothing to look at.
    pub fn is_at_end(&self, changes: u32) -> bool {
        self.changes == Some(changes) && self.len == Some(self.next)
    }

    /// Whether no entry has been asked for yet.
    pub fn is_new(&self) -> bool {
        self.len.is_none()
    }

    /// Notes how often the registry's owner has been changed, before the next entry is asked for.
    pub fn note(&mut self, changes: u32) {
        self.changes = Some(changes);
    }

    /// The next entry that stands for something, and its position.
    pub fn next<'a, H>(&mut self, registry: &'a Registry<H>) -> Result<Option<(usize, &'a Name, &'a H)>, WalkError> {
        if *self.len.get_or_insert(registry.len()) != registry.len() {
            return Err(WalkError::ChangedSize);
        }
        while let Some((name, handle)) = registry.at(self.next) {
            self.next += 1;
            if let Some(handle) = handle {
                return Ok(Some((self.next - 1, name, handle)));
            }
        }
        Ok(None)
    }
}

enum Level<K: Kinds> {
    Children { module: K::Handle, cursor: Cursor, path: K::Path },
    Own { walk: K::OwnWalk, path: K::Path },
}

/// A module and its descendants, each before its children.
pub struct ModuleWalk<K: Kinds> {
    entering: Option<(K::Handle, K::Path)>,
    levels: Vec<Level<K>>,
    seen: K::Seen,
    unique: bool,
}

impl<K: Kinds> ModuleWalk<K> {
    /// A walk from a root, whose path is `path`. With `unique`, a shared module is visited once.
    pub fn new(root: K::Handle, path: K::Path, seen: K::Seen, unique: bool) -> Self {
        Self { entering: Some((root, path)), levels: Vec::new(), seen, unique }
    }

    /// The same, unless the root's class defines the walk itself: then that one.
    pub fn of<W: World<K>>(
        world: &W,
        root: K::Handle,
        path: K::Path,
        seen: K::Seen,
        unique: bool,
    ) -> Result<Self, W::Error> {
        let mut walk = Self { entering: None, levels: Vec::new(), seen, unique };
        walk.enter(world, root, path)?;
        Ok(walk)
    }

    /// The path of the module that came last. There is none before the first and after the last one.
    pub fn path(&self) -> Option<&K::Path> {
        self.levels.last().map(|level| match level {
            Level::Children { path, .. } | Level::Own { path, .. } => path,
        })
    }

    /// What the walk holds: the modules whose children it is at.
    pub fn held(&self) -> impl Iterator<Item = &K::Handle> {
        let levels = self.levels.iter().filter_map(|level| match level {
            Level::Children { module, .. } => Some(module),
            Level::Own { .. } => None,
        });
        self.entering.iter().map(|(module, _)| module).chain(levels)
    }

    fn enter<W: World<K>>(&mut self, world: &W, module: K::Handle, path: K::Path) -> Result<(), W::Error> {
        if self.levels.len() >= DEEPEST {
            return Err(WalkError::TooDeep.into());
        }
        match world.own_walk(&module, &path, &mut self.seen, self.unique)? {
            Some(walk) => self.levels.push(Level::Own { walk, path }),
            None => self.entering = Some((module, path)),
        }
        Ok(())
    }

    /// The next module; [`path`](Self::path) then gives its path.
    pub fn next<W: World<K>>(&mut self, world: &W) -> Result<Option<K::Handle>, W::Error> {
        loop {
            if let Some((module, path)) = self.entering.take() {
                if !world.is_new(&mut self.seen, &module, self.unique)? {
                    continue;
                }
                self.levels.push(Level::Children { module: world.share(&module), cursor: Cursor::default(), path });
                return Ok(Some(module));
            }
            let child = match self.levels.last_mut() {
                None => return Ok(None),
                Some(Level::Own { walk, path }) => match world.advance(walk)? {
                    Some((its_path, module)) => {
                        *path = its_path;
                        return Ok(Some(module));
                    }
                    None => None,
                },
                Some(Level::Children { module, cursor, path }) => {
                    world.entry(module, Kind::Child, cursor, Some(path))?
                }
            };
            match child {
                Some((Some(path), child)) => self.enter(world, child, path)?,
                _ => drop(self.levels.pop()),
            }
        }
    }
}

/// Where the members of a [`MemberWalk`] come from.
pub enum Modules<K: Kinds> {
    /// From every module of a walk.
    Walk(ModuleWalk<K>),
    /// From one module, which has this path.
    One(Option<K::Handle>, K::Path),
}

/// A thing that a walk comes to, and its path if the walk was to give paths.
pub type Found<K> = (Option<<K as Kinds>::Path>, <K as Kinds>::Handle);

/// The parameters, or the buffers, of modules.
pub struct MemberWalk<K: Kinds> {
    modules: Modules<K>,
    kind: Kind,
    unique: bool,
    named: bool,
    seen: Visited<K::Handle>,
    current: Option<(K::Handle, Cursor)>,
}

impl<K: Kinds> MemberWalk<K> {
    /// A walk through members of a kind. With `unique`, a shared one is visited once; with `named`, each has its path.
    pub fn new(modules: Modules<K>, kind: Kind, unique: bool, named: bool) -> Self {
        Self { modules, kind, unique, named, seen: Visited::default(), current: None }
    }

    /// What the walk holds, but for what it has been at.
    pub fn held(&self) -> impl Iterator<Item = &K::Handle> {
        let (walk, one) = match &self.modules {
            Modules::Walk(walk) => (Some(walk.held()), None),
            Modules::One(module, _) => (None, module.as_ref()),
        };
        walk.into_iter().flatten().chain(one).chain(self.current.as_ref().map(|(module, _)| module))
    }

    /// The next member.
    pub fn next<W: World<K>>(&mut self, world: &W) -> Result<Option<Found<K>>, W::Error> {
        loop {
            let Some((module, cursor)) = &mut self.current else {
                let module = match &mut self.modules {
                    Modules::Walk(walk) => walk.next(world)?,
                    Modules::One(module, _) => module.take(),
                };
                let Some(module) = module else { return Ok(None) };
                self.current = Some((module, Cursor::default()));
                continue;
            };
            let path = match &self.modules {
                Modules::Walk(walk) => walk.path(),
                Modules::One(_, path) => Some(path),
            };
            let Some((path, member)) = world.entry(module, self.kind, cursor, path.filter(|_| self.named))? else {
                self.current = None;
                continue;
            };
            let new = match self.unique {
                true => self.seen.insert(world.identity(&member), || world.share(&member)),
                false => !self.seen.contains(world.identity(&member)),
            };
            if new {
                return Ok(Some((path, member)));
            }
        }
    }
}

/// The children of a module, each once.
pub struct ChildWalk<K: Kinds> {
    module: K::Handle,
    /// The empty path, if children are to come with their names.
    path: Option<K::Path>,
    cursor: Cursor,
    seen: Visited<K::Handle>,
}

impl<K: Kinds> ChildWalk<K> {
    /// A walk through the children of a module, with names if there is an (empty) path to begin them.
    pub fn new(module: K::Handle, path: Option<K::Path>) -> Self {
        Self { module, path, cursor: Cursor::default(), seen: Visited::default() }
    }

    /// What the walk holds, but for what it has been at.
    pub fn held(&self) -> impl Iterator<Item = &K::Handle> {
        std::iter::once(&self.module)
    }

    /// The next child.
    pub fn next<W: World<K>>(&mut self, world: &W) -> Result<Option<Found<K>>, W::Error> {
        while let Some((path, child)) = world.entry(&self.module, Kind::Child, &mut self.cursor, self.path.as_ref())? {
            if self.seen.insert(world.identity(&child), || world.share(&child)) {
                return Ok(Some((path, child)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
