//! The files of one crate as a tree of modules, and which of them uses which.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use super::imports::{self, Import, Source};

/// A module by its names from the root of its crate on; the root itself is empty.
pub(super) type Place = Vec<String>;

/// Where a name leads.
#[derive(Debug, Clone)]
enum Target {
    Module(usize),
    Path(Vec<String>),
}

#[derive(Debug)]
struct Module {
    /// The place of the file: inline modules belong to it.
    place: Place,
    parent: Option<usize>,
    source: Source,
    names: HashMap<String, Target>,
}

/// The modules of one crate.
#[derive(Debug)]
pub(super) struct Crate {
    modules: Vec<Module>,
}

/// Something that a file uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Use {
    /// An item of this file of the same crate.
    File(Place),
    /// An item of another crate, by its whole path.
    Crate(String),
}

impl Crate {
    /// Reads a crate from its root file on.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut tree = Self { modules: Vec::new() };
        tree.load(root, root.parent().context("a file is in a folder")?, None, &[])?;
        Ok(tree)
    }

    /// Adds a file and everything below it. `below` is the folder of its children.
    fn load(&mut self, file: &Path, below: &Path, parent: Option<usize>, place: &[String]) -> Result<usize> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let source = imports::read(&text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        self.add(file, below, parent, place, source)
    }

    fn add(
        &mut self,
        file: &Path,
        below: &Path,
        parent: Option<usize>,
        place: &[String],
        mut source: Source,
    ) -> Result<usize> {
        let index = self.modules.len();
        let (children, inline) = (mem::take(&mut source.children), mem::take(&mut source.inline));
        let uses = source.uses.iter().filter(|import| import.name != "*");
        let mut names: HashMap<_, _> =
            uses.map(|import| (import.name.clone(), Target::Path(import.path.clone()))).collect();
        self.modules.push(Module { place: place.to_vec(), parent, source, names: HashMap::new() });
        for (name, path) in children {
            let file = match path {
                Some(path) => file.with_file_name(path),
                None => below.join(format!("{name}.rs")),
            };
            let place: Place = place.iter().chain([&name]).cloned().collect();
            let child = self.load(&file, &file.with_extension(""), Some(index), &place)?;
            names.insert(name, Target::Module(child));
        }
        for (name, source) in inline {
            let child = self.add(file, &below.join(&name), Some(index), place, source)?;
            names.insert(name, Target::Module(child));
        }
        self.modules[index].names = names;
        Ok(index)
    }

    /// Every use of one file by another, and of another crate.
    ///
    /// A name is followed through re-exports to the file that defines it. A `pub use` whose name the file does not
    /// otherwise contain only passes the name on and is no use.
    pub(super) fn uses(&self) -> BTreeSet<(Place, Use)> {
        let mut found = BTreeSet::new();
        for (index, module) in self.modules.iter().enumerate() {
            let source = &module.source;
            let real = |import: &&Import| !import.public || source.idents.contains(&import.name);
            let imports = source.uses.iter().filter(real).map(|import| &import.path);
            for path in imports.chain(&source.paths) {
                let used = match self.walk(index, path, 0) {
                    Some(Ok(module)) => Use::File(self.modules[module].place.clone()),
                    Some(Err(path)) => Use::Crate(path),
                    None => continue,
                };
                if used != Use::File(module.place.clone()) {
                    found.insert((module.place.clone(), used));
                }
            }
        }
        found
    }

    /// The module that defines what a path names, or the whole path if it leads to another crate.
    /// `None`: a local name or a primitive type.
    fn walk(&self, module: usize, path: &[String], depth: usize) -> Option<Result<usize, String>> {
        let mut at = module;
        for (place, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => at = 0,
                "self" => {}
                "Self" => return Some(Ok(at)),
                "super" => at = self.modules[at].parent?,
                name => match self.modules[at].names.get(name) {
                    Some(Target::Module(child)) => at = *child,
                    // Deep enough for any chain of re-exports; `use x::x` would never end.
                    Some(Target::Path(to)) if depth < 8 && to[..] != path[..] => {
                        let mut whole = to.clone();
                        whole.extend_from_slice(&path[place + 1..]);
                        return self.walk(at, &whole, depth + 1);
                    }
                    Some(Target::Path(_)) | None if place == 0 => {
                        let types = name.starts_with(|first: char| first.is_uppercase());
                        // The body of a macro names things where it is used.
                        let elsewhere = self.modules[0].names.contains_key(name);
                        return (!types && !elsewhere).then(|| Err(path.join("::")));
                    }
                    Some(Target::Path(_)) | None => return Some(Ok(at)),
                },
            }
        }
        Some(Ok(at))
    }
}

/// All root files of the workspace's crates: libraries, programs, tests, benches and examples.
pub(super) fn roots(top: &Path, packages: &[&str]) -> Vec<PathBuf> {
    let mut roots = Vec::new();
    for package in packages {
        let folder = top.join(package);
        let fixed = ["src/lib.rs", "src/main.rs", "build.rs"].map(|file| folder.join(file));
        roots.extend(fixed.into_iter().filter(|file| file.is_file()));
        for kind in ["tests", "benches", "examples"] {
            for entry in fs::read_dir(folder.join(kind)).into_iter().flatten().flatten() {
                let path = entry.path();
                let main = path.join("main.rs");
                if main.is_file() {
                    roots.push(main);
                } else if path.extension().is_some_and(|kind| kind == "rs") {
                    roots.push(path);
                }
            }
        }
    }
    roots.sort();
    roots
}
