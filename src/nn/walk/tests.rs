//! Walks over trees whose handles are integers: modules are indices into a list of states.

use super::super::module::ModuleState;
use super::*;
use std::cell::RefCell;

#[derive(Default)]
struct Forest {
    modules: RefCell<Vec<ModuleState<usize>>>,
    /// Modules whose class walks itself: they show these instead of their children.
    own: Vec<(usize, Vec<usize>)>,
}

/// Tensors are integers from here on.
const TENSOR: usize = 100;

impl Kinds for Forest {
    type Handle = usize;
    type Path = String;
    type Seen = Visited<usize>;
    type OwnWalk = std::vec::IntoIter<(String, usize)>;
}

impl World<Forest> for Forest {
    type Error = WalkError;

    fn identity(&self, handle: &usize) -> usize {
        *handle
    }

    fn share(&self, handle: &usize) -> usize {
        *handle
    }

    fn entry(
        &self,
        module: &usize,
        kind: Kind,
        cursor: &mut Cursor,
        path: Option<&String>,
    ) -> Result<Option<Found<Self>>, WalkError> {
        let modules = self.modules.borrow();
        let entry = cursor.next(modules[*module].registry(kind))?;
        Ok(entry.map(|(_, name, &handle)| {
            let path = path.cloned().map(|mut path| {
                join(&mut path, name);
                path
            });
            (path, handle)
        }))
    }

    fn is_new(&self, seen: &mut Visited<usize>, module: &usize, mark: bool) -> Result<bool, WalkError> {
        Ok(if mark { seen.insert(*module, || *module) } else { !seen.contains(*module) })
    }

    fn own_walk(
        &self,
        module: &usize,
        path: &String,
        _seen: &mut Visited<usize>,
        _unique: bool,
    ) -> Result<Option<std::vec::IntoIter<(String, usize)>>, WalkError> {
        let own = self.own.iter().find(|(owner, _)| owner == module);
        Ok(own.map(|(_, shown)| {
            shown.iter().map(|&shown| (format!("{path}!{shown}"), shown)).collect::<Vec<_>>().into_iter()
        }))
    }

    fn advance(&self, walk: &mut std::vec::IntoIter<(String, usize)>) -> Result<Option<(String, usize)>, WalkError> {
        Ok(walk.next())
    }
}

impl Forest {
    /// A forest of `count` modules with the given `(owner, kind, name, handle)`.
    fn new(count: usize, entries: &[(usize, Kind, &str, Option<usize>)]) -> Self {
        let forest = Self { modules: RefCell::new((0..count).map(|_| ModuleState::default()).collect()), own: vec![] };
        for &(owner, kind, name, handle) in entries {
            forest.set(owner, kind, name, handle);
        }
        forest
    }

    fn set(&self, owner: usize, kind: Kind, name: &str, handle: Option<usize>) {
        let _ = self.modules.borrow_mut()[owner].registry_mut(kind).insert(name, handle);
    }

    fn modules(&self, prefix: &str, unique: bool) -> Result<Vec<(String, usize)>, WalkError> {
        let mut walk = ModuleWalk::of(self, 0, prefix.to_owned(), Visited::default(), unique)?;
        let mut found = vec![];
        while let Some(module) = walk.next(self)? {
            found.push((walk.path().unwrap().clone(), module));
        }
        Ok(found)
    }

    fn members(&self, kind: Kind, unique: bool) -> Vec<(String, usize)> {
        let modules = Modules::Walk(ModuleWalk::new(0, String::new(), Visited::default(), unique));
        let mut walk = MemberWalk::new(modules, kind, unique, true);
        let mut found = vec![];
        while let Some((path, member)) = walk.next(self).unwrap() {
            found.push((path.unwrap(), member));
        }
        found
    }
}

fn owned(pairs: &[(&str, usize)]) -> Vec<(String, usize)> {
    pairs.iter().map(|&(path, handle)| (path.to_owned(), handle)).collect()
}

/// 0 -> features(1) -> {0: 2, 1: none, 2: 3}, 0 -> head(3): module 3 is shared, and so is tensor 100.
fn net() -> Forest {
    Forest::new(
        4,
        &[
            (0, Kind::Child, "features", Some(1)),
            (0, Kind::Child, "head", Some(3)),
            (1, Kind::Child, "0", Some(2)),
            (1, Kind::Child, "1", None),
            (1, Kind::Child, "2", Some(3)),
            (2, Kind::Parameter, "weight", Some(TENSOR)),
            (2, Kind::Parameter, "bias", None),
            (2, Kind::Buffer, "mean", Some(TENSOR + 1)),
            (3, Kind::Parameter, "weight", Some(TENSOR)),
            (3, Kind::Parameter, "bias", Some(TENSOR + 2)),
        ],
    )
}

#[test]
fn modules_come_before_their_children_and_once() {
    let expected = [("", 0), ("features", 1), ("features.0", 2), ("features.2", 3)];
    assert_eq!(net().modules("", true).unwrap(), owned(&expected));
    let expected = [("net", 0), ("net.features", 1), ("net.features.0", 2), ("net.features.2", 3), ("net.head", 3)];
    assert_eq!(net().modules("net", false).unwrap(), owned(&expected));
}

#[test]
fn members_carry_their_module_path() {
    let expected = [("features.0.weight", TENSOR), ("features.2.bias", TENSOR + 2)];
    assert_eq!(net().members(Kind::Parameter, true), owned(&expected));
    let expected = [
        ("features.0.weight", TENSOR),
        ("features.2.weight", TENSOR),
        ("features.2.bias", TENSOR + 2),
        ("head.weight", TENSOR),
        ("head.bias", TENSOR + 2),
    ];
    assert_eq!(net().members(Kind::Parameter, false), owned(&expected));
    assert_eq!(net().members(Kind::Buffer, true), owned(&[("features.0.mean", TENSOR + 1)]));
}

#[test]
fn members_of_one_module_take_a_prefix() {
    let forest = net();
    let mut walk = MemberWalk::<Forest>::new(Modules::One(Some(3), "p".into()), Kind::Parameter, true, true);
    assert_eq!(walk.next(&forest).unwrap(), Some((Some("p.weight".into()), TENSOR)));
    assert_eq!(walk.next(&forest).unwrap(), Some((Some("p.bias".into()), TENSOR + 2)));
    assert_eq!(walk.next(&forest).unwrap(), None);
    assert_eq!(walk.next(&forest).unwrap(), None);
    let mut walk = MemberWalk::<Forest>::new(Modules::One(Some(3), "p".into()), Kind::Parameter, true, false);
    assert_eq!(walk.next(&forest).unwrap(), Some((None, TENSOR)));
}

#[test]
fn children_come_once_and_without_those_that_are_nothing() {
    let forest = net();
    forest.set(0, Kind::Child, "again", Some(1));
    forest.set(0, Kind::Child, "none", None);
    let mut walk = ChildWalk::<Forest>::new(0, Some(String::new()));
    let mut found = vec![];
    while let Some((name, child)) = walk.next(&forest).unwrap() {
        found.push((name.unwrap(), child));
    }
    assert_eq!(found, owned(&[("features", 1), ("head", 3)]));
}

#[test]
fn a_class_may_walk_itself() {
    let mut forest = net();
    forest.own.push((1, vec![2, 0]));
    let expected = [("", 0), ("features!2", 2), ("features!0", 0), ("head", 3)];
    assert_eq!(forest.modules("", true).unwrap(), owned(&expected));
    forest.own.push((0, vec![3]));
    assert_eq!(forest.modules("p", true).unwrap(), owned(&[("p!3", 3)]));
}

#[test]
fn a_walk_sees_replacements_but_stops_at_a_change_of_size() {
    let forest = net();
    let mut walk = ModuleWalk::<Forest>::new(0, String::new(), Visited::default(), true);
    assert_eq!(walk.next(&forest).unwrap(), Some(0));
    assert_eq!(walk.next(&forest).unwrap(), Some(1));
    forest.set(1, Kind::Child, "0", Some(3));
    assert_eq!(walk.next(&forest).unwrap(), Some(3));
    forest.set(0, Kind::Child, "more", Some(2));
    assert_eq!(walk.next(&forest), Err(WalkError::ChangedSize));
}

#[test]
fn a_cycle_is_walked_once_or_reported() {
    let forest = Forest::new(2, &[(0, Kind::Child, "a", Some(1)), (1, Kind::Child, "b", Some(0))]);
    assert_eq!(forest.modules("", true).unwrap(), owned(&[("", 0), ("a", 1)]));
    assert_eq!(forest.modules("", false), Err(WalkError::TooDeep));
}

#[test]
fn a_cursor_at_its_end_looks_again_once_something_has_changed() {
    let mut registry = Registry::default();
    assert!(registry.insert("a", Some(1)).is_none());
    let mut cursor = Cursor::default();
    assert!(cursor.is_new() && !cursor.is_at_end(7));
    cursor.note(7);
    assert_eq!(cursor.next(&registry).map(|found| found.map(|(at, _, handle)| (at, *handle))), Ok(Some((0, 1))));
    assert!(!cursor.is_new() && cursor.is_at_end(7) && !cursor.is_at_end(8));
    assert!(registry.insert("b", Some(2)).is_none());
    cursor.note(8);
    assert!(matches!(cursor.next(&registry), Err(WalkError::ChangedSize)));
}

#[test]
fn a_cursor_before_names_that_stand_for_nothing_is_not_at_its_end() {
    let registry: Registry<u32> = [("a".into(), Some(1)), ("b".into(), None)].into_iter().collect();
    let mut cursor = Cursor::default();
    cursor.note(1);
    assert!(matches!(cursor.next(&registry), Ok(Some(_))));
    assert!(!cursor.is_at_end(1));
    assert!(matches!(cursor.next(&registry), Ok(None)));
}
