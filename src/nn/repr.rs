//! The nested text form of a module, in PyTorch's layout.

/// Indents every line but the first. Blank lines stay empty.
pub fn indent(text: &str, spaces: usize) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.trim().is_empty() {
            out.extend(std::iter::repeat_n(' ', spaces));
            out.push_str(line);
        }
    }
    out
}

/// `name(extra)` for a module without children, else one line for each line of `extra` and each child, which is
/// given by its name and its own text form.
pub fn nested(name: &str, extra: &str, children: &[(String, String)]) -> String {
    if children.is_empty() && !extra.contains('\n') {
        return format!("{name}({extra})");
    }
    let extra = if extra.is_empty() { None } else { Some(extra.split('\n').map(str::to_owned)) };
    let children = children.iter().map(|(name, text)| format!("({name}): {}", indent(text, 2)));
    block(name, extra.into_iter().flatten().chain(children))
}

/// The text form of a list: neighbours with the same text are written once, with their number.
pub fn folded(name: &str, items: &[String]) -> String {
    if items.is_empty() {
        return format!("{name}()");
    }
    let mut start = 0;
    let lines = items.chunk_by(|a, b| a == b).map(|run| {
        let first = start;
        start += run.len();
        let line = match run.len() {
            1 => format!("({first}): {}", run[0]),
            count => format!("({first}-{}): {count} x {}", start - 1, run[0]),
        };
        indent(&line, 2)
    });
    block(name, lines)
}

fn block(name: &str, lines: impl Iterator<Item = String>) -> String {
    let mut out = format!("{name}(\n");
    for line in lines {
        out.push_str("  ");
        out.push_str(&line);
        out.push('\n');
    }
    out.push(')');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn a_leaf_is_one_line() {
        assert_eq!(nested("ReLU", "", &[]), "ReLU()");
        assert_eq!(nested("Linear", "in_features=3", &[]), "Linear(in_features=3)");
        assert_eq!(nested("Odd", "a\nb", &[]), "Odd(\n  a\n  b\n)");
    }

    #[test]
    fn children_are_indented_after_the_extra_lines() {
        let inner = nested("Sequential", "", &[child("0", "ReLU()"), child("1", "None")]);
        assert_eq!(inner, "Sequential(\n  (0): ReLU()\n  (1): None\n)");
        let outer = nested("Net", "k=1", &[child("body", &inner)]);
        assert_eq!(outer, "Net(\n  k=1\n  (body): Sequential(\n    (0): ReLU()\n    (1): None\n  )\n)");
    }

    #[test]
    fn neighbours_fold() {
        let items = ["A()", "A()", "B()", "A()"].map(String::from);
        assert_eq!(folded("ModuleList", &items), "ModuleList(\n  (0-1): 2 x A()\n  (2): B()\n  (3): A()\n)");
        assert_eq!(folded("ModuleList", &[]), "ModuleList()");
    }

    #[test]
    fn blank_lines_stay_empty() {
        assert_eq!(indent("a\n \nb", 2), "a\n\n  b");
    }
}
