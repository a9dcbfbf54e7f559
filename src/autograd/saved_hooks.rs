//! Hooks on saving: while a pair of them is set on a thread, values kept for the gradient are packed in a form of the
//! user's, and unpacked when a walk needs them.

use super::Tensor;
use crate::error::Result;
use std::cell::RefCell;
use std::sync::Arc;

/// Packs a value that is to be kept.
pub type Pack = Arc<dyn Fn(Tensor) -> Result<Box<dyn Packed>> + Send + Sync>;

/// A value in the user's form.
pub trait Packed: Send + Sync {
    /// The value as a tensor again.
    ///
    /// # Errors
    /// Whatever the user's hook fails with.
    fn unpack(&self) -> Result<Tensor>;
}

/// What happens to values that are kept.
#[derive(Clone)]
enum Rule {
    Pack(Pack),
    /// Hooks may not be set; why.
    Forbidden(Arc<str>),
}

thread_local! {
    static RULES: RefCell<Vec<Rule>> = const { RefCell::new(Vec::new()) };
}

fn check() -> Result<()> {
    RULES.with_borrow(|rules| match rules.last() {
        Some(Rule::Forbidden(why)) => crate::bail!(Runtime, "{why}"),
        _ => Ok(()),
    })
}

/// Packs values that this thread keeps from now on, until [`pop`].
///
/// # Errors
/// `RuntimeError` where hooks are forbidden.
pub fn push(pack: Pack) -> Result<()> {
    check()?;
    RULES.with_borrow_mut(|rules| rules.push(Rule::Pack(pack)));
    Ok(())
}

/// Forbids hooks, until [`pop`].
///
/// # Errors
/// `RuntimeError` where hooks are set.
pub fn forbid(why: &str) -> Result<()> {
    let set = RULES.with_borrow(|rules| matches!(rules.last(), Some(Rule::Pack(_))));
    crate::ensure!(!set, Runtime, "{why}");
    RULES.with_borrow_mut(|rules| rules.push(Rule::Forbidden(why.into())));
    Ok(())
}

/// Ends what the last [`push`] or [`forbid`] began.
pub fn pop() {
    // Dropped outside of the list, since it may run Python code.
    let _ended = RULES.with_borrow_mut(Vec::pop);
}

/// A value in the form that the hooks of this thread give it; `None` where there are none.
pub(super) fn packed(value: impl FnOnce() -> Tensor) -> Result<Option<Box<dyn Packed>>> {
    let rule = RULES.with_borrow(|rules| rules.last().cloned());
    match rule {
        Some(Rule::Pack(pack)) => pack(value()).map(Some),
        _ => Ok(None),
    }
}
