//! The state of a module: what it holds, whether it trains, and its hooks.

use super::hooks::{HookKind, HookTable, Hooks};
use super::registry::{Name, Registry};

/// Everything a module holds, generic over the handle.
#[derive(Clone, Debug)]
pub struct ModuleState<H> {
    /// The parameters that belong to the module itself.
    pub parameters: Registry<H>,
    /// The buffers that belong to the module itself.
    pub buffers: Registry<H>,
    /// The child modules.
    pub children: Registry<H>,
    /// The names of buffers that are not saved. Few, so a list; in the order in which they came.
    transient: Vec<Name>,
    /// Whether the module trains or evaluates.
    pub training: bool,
    hooks: Option<Box<Hooks<H>>>,
}

impl<H> Default for ModuleState<H> {
    fn default() -> Self {
        Self {
            parameters: Registry::default(),
            buffers: Registry::default(),
            children: Registry::default(),
            transient: Vec::new(),
            training: true,
            hooks: None,
        }
    }
}

/// The three registries of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Trained tensors.
    Parameter,
    /// Tensors that belong to the state and are not trained.
    Buffer,
    /// Child modules.
    Child,
}

impl<H> ModuleState<H> {
    /// The registry of a kind.
    pub fn registry(&self, kind: Kind) -> &Registry<H> {
        match kind {
            Kind::Parameter => &self.parameters,
            Kind::Buffer => &self.buffers,
            Kind::Child => &self.children,
        }
    }

    /// The registry of a kind, to change it.
    pub fn registry_mut(&mut self, kind: Kind) -> &mut Registry<H> {
        match kind {
            Kind::Parameter => &mut self.parameters,
            Kind::Buffer => &mut self.buffers,
            Kind::Child => &mut self.children,
        }
    }

    /// Looks a name up as an attribute: first among parameters, then buffers, then children.
    pub fn find(&self, name: &str) -> Option<(Kind, Option<&H>)> {
        [Kind::Parameter, Kind::Buffer, Kind::Child]
            .into_iter()
            .find_map(|kind| self.registry(kind).get(name).map(|handle| (kind, handle)))
    }

    /// Frees a name in every registry but one, as an assignment of that kind does; gives back what stood there.
    #[must_use = "dropping a handle may run foreign code: drop it where that is safe"]
    pub fn free_name(&mut self, name: &str, keep: Kind) -> [Option<Option<H>>; 2] {
        let others = match keep {
            Kind::Parameter => [Kind::Buffer, Kind::Child],
            Kind::Buffer => [Kind::Parameter, Kind::Child],
            Kind::Child => [Kind::Parameter, Kind::Buffer],
        };
        if keep != Kind::Buffer {
            self.set_transient(name, false);
        }
        others.map(|kind| self.registry_mut(kind).remove(name))
    }

    /// Whether the buffer of this name is left out of saved states.
    pub fn is_transient(&self, name: &str) -> bool {
        self.transient.iter().any(|known| &**known == name)
    }

    /// Says whether the buffer of this name is left out of saved states.
    pub fn set_transient(&mut self, name: &str, transient: bool) {
        match (self.transient.iter().position(|known| &**known == name), transient) {
            (None, true) => self.transient.push(name.into()),
            (Some(position), false) => {
                self.transient.remove(position);
            }
            _ => {}
        }
    }

    /// The names of the buffers that are left out of saved states.
    pub fn transient(&self) -> &[Name] {
        &self.transient
    }

    /// The hook tables, if there ever was a hook.
    pub fn hooks(&self) -> Option<&Hooks<H>> {
        self.hooks.as_deref()
    }

    /// The hook tables, made when first needed.
    pub fn hooks_mut(&mut self) -> &mut Hooks<H> {
        self.hooks.get_or_insert_default()
    }

    /// The table of a kind of hooks, if there ever was a hook.
    pub fn hook_table(&self, kind: HookKind) -> Option<&HookTable<H>> {
        self.hooks().map(|hooks| hooks.table(kind))
    }

    /// Every handle that the state holds: what a garbage collector must visit.
    pub fn held(&self) -> impl Iterator<Item = &H> {
        let hooks = self.hooks.iter().flat_map(|hooks| hooks.tables());
        let hooks = hooks.flat_map(|(_, table)| table.iter().map(|(_, hook)| &hook.call));
        self.parameters.handles().chain(self.buffers.handles()).chain(self.children.handles()).chain(hooks)
    }

    /// Shows what the module itself saves: its parameters, then its buffers but for the transient ones, each with its
    /// kind, its position and its name.
    #[inline]
    pub fn try_for_each_saved<E>(
        &self,
        mut show: impl FnMut(Kind, usize, &Name, &H) -> Result<(), E>,
    ) -> Result<(), E> {
        for (position, (name, handle)) in self.parameters.iter().enumerate() {
            if let Some(handle) = handle {
                show(Kind::Parameter, position, name, handle)?;
            }
        }
        for (position, (name, handle)) in self.buffers.iter().enumerate() {
            if let Some(handle) = handle
                && !self.is_transient(name)
            {
                show(Kind::Buffer, position, name, handle)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::hooks::Hook;
    use super::*;

    fn state() -> ModuleState<u32> {
        let mut state = ModuleState::default();
        for (kind, name, handle) in [
            (Kind::Parameter, "weight", Some(1)),
            (Kind::Parameter, "bias", None),
            (Kind::Buffer, "mean", Some(2)),
            (Kind::Buffer, "cache", Some(3)),
            (Kind::Child, "conv", Some(4)),
        ] {
            assert!(state.registry_mut(kind).insert(name, handle).is_none());
        }
        state.set_transient("cache", true);
        state
    }

    #[test]
    fn attributes_are_found_by_kind() {
        let state = state();
        assert_eq!(state.find("weight"), Some((Kind::Parameter, Some(&1))));
        assert_eq!(state.find("bias"), Some((Kind::Parameter, None)));
        assert_eq!(state.find("mean"), Some((Kind::Buffer, Some(&2))));
        assert_eq!(state.find("conv"), Some((Kind::Child, Some(&4))));
        assert_eq!(state.find("other"), None);
    }

    #[test]
    fn an_assignment_frees_the_name_elsewhere() {
        let mut state = state();
        assert_eq!(state.free_name("cache", Kind::Parameter), [Some(Some(3)), None]);
        assert!(!state.is_transient("cache"));
        assert_eq!(state.free_name("weight", Kind::Child), [Some(Some(1)), None]);
        assert_eq!(state.find("weight"), None);
    }

    #[test]
    fn saved_entries_leave_out_nothing_and_transient_buffers() {
        let (state, mut saved) = (state(), vec![]);
        let mut show = |kind, position, name: &Name, &handle: &u32| {
            saved.push((kind, position, name.to_string(), handle));
            if saved.len() > 2 { Err(()) } else { Ok(()) }
        };
        assert_eq!(state.try_for_each_saved(&mut show), Ok(()));
        assert_eq!(state.try_for_each_saved(&mut show), Err(()));
        let last = saved.pop();
        assert_eq!(last.as_ref(), saved.first());
        assert_eq!(saved, [(Kind::Parameter, 0, "weight".into(), 1), (Kind::Buffer, 0, "mean".into(), 2)]);
    }

    #[test]
    fn held_counts_hooks() {
        let mut state = state();
        assert!(state.hooks().is_none());
        assert!(state.hooks_mut().table_mut(HookKind::Forward).insert(1, Hook::new(9), false).is_none());
        assert_eq!(state.held().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 9]);
        assert_eq!(state.hook_table(HookKind::Forward).map(HookTable::len), Some(1));
    }
}
