//! The architecture as a test: which level may use which, where `unsafe` may stand, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// The levels, low to high. A level uses those before it, and itself.
const LEVELS: [&str; 9] = ["error", "shape", "memory", "kernels", "random", "array", "autograd", "ops", "nn"];

/// Levels that stand apart: what each may use, besides `error` and itself.
const APART: [(&str, &[&str]); 2] = [("nn", &[]), ("random", &["kernels"])];

/// Files that may say `allow(unsafe_code)`: each argues for its blocks.
const FENCED: [&str; 4] = ["src/array/access.rs", "src/array/storage.rs", "src/kernels/", "src/memory/"];

/// A file beyond this many lines holds more than one concept.
const LONGEST: usize = 400;

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), ending, &mut found);
    found.iter().map(|path| path.strip_prefix(root).expect("below the root").to_path_buf()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a readable file")
}

/// The level of a file: the first folder below `src/`, or the file's own name.
fn level(path: &Path) -> String {
    let first = path.components().nth(1).expect("below src").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The names that follow `crate::` in the code (not the comments) of a file.
fn used(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines().filter(|l| !l.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            // `use crate::{a, b}` names several.
            let list = rest.strip_prefix('{').map_or(rest, |r| r.split('}').next().unwrap_or(r));
            let parts = if rest.starts_with('{') { list.split(',').collect::<Vec<_>>() } else { vec![list] };
            for part in parts {
                let name: String = part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                names.push(name);
            }
        }
    }
    names
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let from = level(&path);
        if from == "python" || from == "lib" {
            continue;
        }
        let place = LEVELS.iter().position(|l| *l == from);
        let Some(place) = place else {
            wrong.push(format!("{}: `{from}` is no level of tests/layering.rs", path.display()));
            continue;
        };
        let apart = APART.iter().find(|(l, _)| *l == from).map(|(_, allowed)| *allowed);
        for name in used(&read(&path)) {
            let Some(to) = LEVELS.iter().position(|l| *l == name) else {
                if name == "python" {
                    wrong.push(format!("{} may not use crate::python", path.display()));
                }
                continue; // a macro of the crate's root
            };
            let allowed = match apart {
                Some(list) => name == from || name == "error" || list.contains(&name.as_str()),
                None => to <= place,
            };
            if !allowed {
                wrong.push(format!("{} may not use crate::{name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_bindings_name_pyo3() {
    for path in files("src", ".rs") {
        if level(&path) != "python" {
            let code = read(&path);
            let mut lines = code.lines().filter(|l| !l.trim_start().starts_with("//"));
            assert!(!lines.any(|l| l.contains("pyo3::")), "{} names PyO3", path.display());
        }
    }
}

#[test]
fn unsafe_code_is_fenced() {
    for path in files("src", ".rs") {
        let shown = path.to_string_lossy().into_owned();
        let fenced = FENCED.iter().any(|f| shown.starts_with(f)) || level(&path) == "python";
        assert!(
            fenced || !read(&path).contains("allow(unsafe_code)"),
            "{shown} may not hold unsafe code: move it behind a safe function of a fenced file"
        );
    }
}

#[test]
fn files_hold_one_concept() {
    let mut sizes: Vec<(usize, PathBuf)> =
        [("src", ".rs"), ("python", ".py"), ("tests", ".rs"), ("tests", ".py"), ("benches", ".rs")]
            .iter()
            .flat_map(|(folder, ending)| files(folder, ending))
            .map(|path| (read(&path).lines().count(), path))
            .collect();
    sizes.sort();
    for (lines, path) in sizes.iter().rev().take(10) {
        println!("{lines:5}  {}", path.display());
    }
    let long: Vec<String> =
        sizes.iter().filter(|(n, _)| *n > LONGEST).map(|(n, p)| format!("{}: {n} lines", p.display())).collect();
    assert!(long.is_empty(), "files beyond {LONGEST} lines: {}", long.join(", "));
}
