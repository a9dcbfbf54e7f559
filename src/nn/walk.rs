//! Walks through a tree of modules: its modules, its members (parameters or buffers), its children.
//!
//! Walks are lazy, as PyTorch's are: one step reads the registries as they are at that time. They keep a stack of
//! their own, so a deep tree needs no deep recursion, and hold what they have been at, so that an address that is
//! given to a new object does not look like an old one.

use super::World;
use super::module::Kind;
use rustc_hash::FxHashMap;

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

/// Things a walk has been at, kept alive.
#[derive(Debug)]
pub struct Visited<H>(FxHashMap<usize, H>);

impl<H> Default for Visited<H> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<H> Visited<H> {
    /// Whether the walk has been here.
    pub fn contains(&self, identity: usize) -> bool {
        self.0.contains_key(&identity)
    }

    /// Takes something in. Says whether it is new.
    pub fn insert(&mut self, identity: usize, handle: impl FnOnce() -> H) -> bool {
        match self.0.entry(identity) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(handle());
                true
            }
        }
    }

    /// What the walk has been at, in no order.
    pub fn handles(&self) -> impl Iterator<Item = &H> {
        self.0.values()
    }
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
struct Cursor {
    next: usize,
    len: Option<usize>,
}

impl Cursor {
    /// The next entry that stands for something; its name is joined to the path.
    fn step<W: World>(
        &mut self,
        world: &W,
        module: &W::Handle,
        kind: Kind,
        path: &mut String,
    ) -> Result<Option<W::Handle>, W::Error> {
        let entry = world.read(module, |state| {
            let registry = state.registry(kind);
            if *self.len.get_or_insert(registry.len()) != registry.len() {
                return Err(WalkError::ChangedSize);
            }
            while let Some((name, handle)) = registry.at(self.next) {
                self.next += 1;
                if let Some(handle) = handle {
                    join(path, name);
                    return Ok(Some(world.share(handle)));
                }
            }
            Ok(None)
        })?;
        Ok(entry?)
    }
}

enum Level<W: World> {
    Children { module: W::Handle, cursor: Cursor, path: usize },
    Own { walk: W::OwnWalk, path: String },
}

/// A module and its descendants, each before its children.
pub struct ModuleWalk<W: World> {
    entering: Option<W::Handle>,
    levels: Vec<Level<W>>,
    path: String,
    seen: W::Seen,
    unique: bool,
}

impl<W: World> ModuleWalk<W> {
    /// A walk from a root, whose path is `prefix`. With `unique`, a shared module is visited once.
    pub fn new(root: W::Handle, prefix: &str, seen: W::Seen, unique: bool) -> Self {
        Self { entering: Some(root), levels: Vec::new(), path: prefix.to_owned(), seen, unique }
    }

    /// The same, unless the root's class defines the walk itself: then that one.
    pub fn of(world: &W, root: W::Handle, prefix: &str, seen: W::Seen, unique: bool) -> Result<Self, W::Error> {
        let mut walk = Self::new(root, prefix, seen, unique);
        if let Some(root) = walk.entering.take() {
            walk.enter(world, root)?;
        }
        Ok(walk)
    }

    /// The path of the module that came last.
    pub fn path(&self) -> &str {
        match self.levels.last() {
            Some(Level::Own { path, .. }) => path,
            _ => &self.path,
        }
    }

    /// What the walk holds: the modules whose children it is at.
    pub fn held(&self) -> impl Iterator<Item = &W::Handle> {
        let levels = self.levels.iter().filter_map(|level| match level {
            Level::Children { module, .. } => Some(module),
            Level::Own { .. } => None,
        });
        self.entering.iter().chain(levels)
    }

    fn enter(&mut self, world: &W, module: W::Handle) -> Result<(), W::Error> {
        if self.levels.len() >= DEEPEST {
            return Err(WalkError::TooDeep.into());
        }
        match world.own_walk(&module, &self.path, &mut self.seen, self.unique)? {
            Some(walk) => self.levels.push(Level::Own { walk, path: String::new() }),
            None => self.entering = Some(module),
        }
        Ok(())
    }

    /// The next module; [`path`](Self::path) then gives its path.
    pub fn next(&mut self, world: &W) -> Result<Option<W::Handle>, W::Error> {
        loop {
            if let Some(module) = self.entering.take() {
                if !world.is_new(&mut self.seen, &module, self.unique)? {
                    continue;
                }
                let (cursor, path) = (Cursor::default(), self.path.len());
                self.levels.push(Level::Children { module: world.share(&module), cursor, path });
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
                    self.path.truncate(*path);
                    cursor.step(world, module, Kind::Child, &mut self.path)?
                }
            };
            match child {
                Some(child) => self.enter(world, child)?,
                None => {
                    self.levels.pop();
                }
            }
        }
    }
}

/// Where the members of a [`MemberWalk`] come from.
pub enum Modules<W: World> {
    /// From every module of a walk.
    Walk(ModuleWalk<W>),
    /// From one module, with the prefix of its members' paths.
    One(Option<W::Handle>, String),
}

/// The parameters, or the buffers, of modules.
pub struct MemberWalk<W: World> {
    modules: Modules<W>,
    kind: Kind,
    unique: bool,
    seen: Visited<W::Handle>,
    current: Option<(W::Handle, Cursor)>,
    path: String,
    base: usize,
}

impl<W: World> MemberWalk<W> {
    /// A walk through members of a kind. With `unique`, a shared one is visited once.
    pub fn new(modules: Modules<W>, kind: Kind, unique: bool) -> Self {
        Self { modules, kind, unique, seen: Visited::default(), current: None, path: String::new(), base: 0 }
    }

    /// The path of the member that came last.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the walk holds, but for what it has been at.
    pub fn held(&self) -> impl Iterator<Item = &W::Handle> {
        let (walk, one) = match &self.modules {
            Modules::Walk(walk) => (Some(walk.held()), None),
            Modules::One(module, _) => (None, module.as_ref()),
        };
        walk.into_iter().flatten().chain(one).chain(self.current.as_ref().map(|(module, _)| module))
    }

    fn next_module(&mut self, world: &W) -> Result<Option<W::Handle>, W::Error> {
        self.path.clear();
        let module = match &mut self.modules {
            Modules::One(module, prefix) => {
                self.path.push_str(prefix);
                module.take()
            }
            Modules::Walk(walk) => {
                let module = walk.next(world)?;
                self.path.push_str(walk.path());
                module
            }
        };
        self.base = self.path.len();
        Ok(module)
    }

    /// The next member; [`path`](Self::path) then gives its path.
    pub fn next(&mut self, world: &W) -> Result<Option<W::Handle>, W::Error> {
        loop {
            if self.current.is_none() {
                let Some(module) = self.next_module(world)? else { return Ok(None) };
                self.current = Some((module, Cursor::default()));
            }
            let Some((module, cursor)) = &mut self.current else { continue };
            self.path.truncate(self.base);
            match cursor.step(world, module, self.kind, &mut self.path)? {
                Some(member) => {
                    let new = if self.unique {
                        self.seen.insert(world.identity(&member), || world.share(&member))
                    } else {
                        !self.seen.contains(world.identity(&member))
                    };
                    if new {
                        return Ok(Some(member));
                    }
                }
                None => self.current = None,
            }
        }
    }
}

/// The children of a module, each once.
pub struct ChildWalk<W: World> {
    module: W::Handle,
    cursor: Cursor,
    seen: Visited<W::Handle>,
    name: String,
}

impl<W: World> ChildWalk<W> {
    /// A walk through the children of a module.
    pub fn new(module: W::Handle) -> Self {
        Self { module, cursor: Cursor::default(), seen: Visited::default(), name: String::new() }
    }

    /// The name of the child that came last.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the walk holds, but for what it has been at.
    pub fn held(&self) -> impl Iterator<Item = &W::Handle> {
        std::iter::once(&self.module)
    }

    /// The next child; [`name`](Self::name) then gives its name.
    pub fn next(&mut self, world: &W) -> Result<Option<W::Handle>, W::Error> {
        loop {
            self.name.clear();
            match self.cursor.step(world, &self.module, Kind::Child, &mut self.name)? {
                Some(child) if self.seen.insert(world.identity(&child), || world.share(&child)) => {
                    return Ok(Some(child));
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests;
