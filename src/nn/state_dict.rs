//! What can be said about a saved state that does not fit a module: the error text and the cures it proposes.

use std::collections::HashSet;
use std::fmt::Write;

/// Pairs of names to compare at most when looking for the nearest key.
const COMPARED: usize = 10_000;

/// Proposals to print at most.
const PROPOSED: usize = 5;

/// Keys that do not fit, and what else went wrong, in the order in which it was found.
#[derive(Clone, Copy, Debug)]
pub struct Misfit<'a> {
    /// Keys that the module has and the saved state has not.
    pub missing: &'a [String],
    /// Keys that the saved state has and the module has not.
    pub unexpected: &'a [String],
    /// Messages about single keys: wrong shapes, failed copies.
    pub messages: &'a [String],
}

impl Misfit<'_> {
    /// The text of the error, or nothing if all fits. The first lines are PyTorch's, the last ones propose cures.
    pub fn report(&self, class: &str) -> Option<String> {
        let mut lines = vec![];
        for (what, keys) in [("Missing", self.missing), ("Unexpected", self.unexpected)] {
            if !keys.is_empty() {
                lines.push(format!("{what} key(s) in state_dict: {}. ", quoted(keys)));
            }
        }
        lines.extend(self.messages.iter().cloned());
        if lines.is_empty() {
            return None;
        }
        lines.extend(self.cures());
        Some(format!("Error(s) in loading state_dict for {class}:\n\t{}", lines.join("\n\t")))
    }

    /// What to do about the keys.
    fn cures(&self) -> Vec<String> {
        if self.missing.is_empty() || self.unexpected.is_empty() {
            return vec![];
        }
        if let Some(prefix) = common_prefix(self.unexpected, self.missing) {
            return vec![format!(
                "Cure: the keys of the state_dict start with \"{prefix}\": pass \
                 {{k.removeprefix(\"{prefix}\"): v for k, v in state_dict.items()}}."
            )];
        }
        if let Some(prefix) = common_prefix(self.missing, self.unexpected) {
            return vec![format!(
                "Cure: the keys of the state_dict lack \"{prefix}\": pass \
                 {{\"{prefix}\" + k: v for k, v in state_dict.items()}}."
            )];
        }
        if self.missing.len() * self.unexpected.len() > COMPARED {
            return vec![];
        }
        let nearest = self.missing.iter().filter_map(|key| Some((key, nearest(key, self.unexpected)?)));
        let mut text = String::new();
        for (key, candidate) in nearest.take(PROPOSED) {
            let _ = write!(text, "{}\"{key}\" may be its \"{candidate}\"", if text.is_empty() { "" } else { ", " });
        }
        if text.is_empty() { vec![] } else { vec![format!("Cure: rename keys of the state_dict: {text}.")] }
    }
}

fn quoted(keys: &[String]) -> String {
    let mut out = String::new();
    for key in keys {
        let _ = write!(out, "{}\"{key}\"", if out.is_empty() { "" } else { ", " });
    }
    out
}

/// The dotted prefix, such as `module.`, without which every one of `keys` is one of `wanted`.
fn common_prefix<'a>(keys: &'a [String], wanted: &[String]) -> Option<&'a str> {
    let first = keys.first()?;
    let wanted: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let mut ends = first.match_indices('.').map(|(dot, _)| &first[..=dot]);
    ends.find(|&prefix| keys.iter().all(|key| key.strip_prefix(prefix).is_some_and(|rest| wanted.contains(rest))))
}

/// The candidate that differs least from a key, if it differs in less than a third of it.
fn nearest<'a>(key: &str, candidates: &'a [String]) -> Option<&'a str> {
    let near = candidates.iter().map(|candidate| (distance(key, candidate), candidate.as_str()));
    let (changes, candidate) = near.min_by_key(|(changes, _)| *changes)?;
    (3 * changes < key.chars().count()).then_some(candidate)
}

/// The number of single-character changes between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in b.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Says, for a shape that does not fit, whether the transpose would.
pub fn transpose_fits(saved: &[usize], own: &[usize]) -> bool {
    matches!((saved, own), ([a, b], [c, d]) if a == d && b == c && a != b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn report(missing: &[&str], unexpected: &[&str], messages: &[&str]) -> Option<String> {
        let (missing, unexpected, messages) = (keys(missing), keys(unexpected), keys(messages));
        Misfit { missing: &missing, unexpected: &unexpected, messages: &messages }.report("Net")
    }

    #[test]
    fn a_fit_has_no_report() {
        assert_eq!(report(&[], &[], &[]), None);
    }

    #[test]
    fn all_misfits_stand_in_one_report() {
        assert_eq!(
            report(&["a", "b"], &["xyzzy"], &["size mismatch for c"]).unwrap(),
            "Error(s) in loading state_dict for Net:\n\tMissing key(s) in state_dict: \"a\", \"b\". \n\t\
             Unexpected key(s) in state_dict: \"xyzzy\". \n\tsize mismatch for c"
        );
    }

    #[test]
    fn prefixes_are_proposed_to_be_stripped_or_added() {
        let text = report(&["a.weight", "b.weight"], &["module.a.weight", "module.b.weight"], &[]).unwrap();
        assert!(text.ends_with("pass {k.removeprefix(\"module.\"): v for k, v in state_dict.items()}."), "{text}");
        let text = report(&["net.body.a.weight"], &["a.weight"], &[]).unwrap();
        assert!(text.ends_with("pass {\"net.body.\" + k: v for k, v in state_dict.items()}."), "{text}");
    }

    #[test]
    fn the_nearest_key_is_proposed() {
        let text = report(&["conv1.weight", "q"], &["conv.weight", "zzzzzz"], &[]).unwrap();
        assert!(text.ends_with("Cure: rename keys of the state_dict: \"conv1.weight\" may be its \"conv.weight\"."));
    }

    #[test]
    fn distances() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn only_matrices_are_transposed() {
        assert!(transpose_fits(&[3, 4], &[4, 3]));
        assert!(!transpose_fits(&[3, 3], &[3, 3]));
        assert!(!transpose_fits(&[3, 4, 1], &[4, 3, 1]));
    }
}
