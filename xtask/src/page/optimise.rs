//! wasm-opt over the finished wasm: a fifth fewer bytes over the wire.
//!
//! Done here and not by trunk: what comes out must be looked at (see [`repair`]), and trunk names its files before.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::setup::PageTools;
use crate::workspace::run;

/// What rustc and wasm-bindgen write today; wasm-opt refuses what it is not told of.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// wasm-bindgen's table of JavaScript values.
const TABLE: &str = "__wbindgen_externrefs";

/// Replaces the page's wasm by a smaller one under a new name. Without wasm-opt the page stays as it is.
pub(super) fn wasm(tools: &PageTools, page: &Path) -> Result<()> {
    let Some(wasm_opt) = &tools.wasm_opt else { return Ok(()) };
    let old = find(page)?;
    let small = page.join("small.wasm");
    let mut command = tools.command(wasm_opt);
    run(command.args(FEATURES).arg("-Os").arg(&old).arg("-o").arg(&small))?;
    let mut bytes = fs::read(&small)?;
    repair(&mut bytes).context("the wasm that wasm-opt wrote cannot be read")?;
    fs::remove_file(&small)?;
    fs::remove_file(&old)?;
    // The name has to change with the content, since browsers keep it for ever.
    let hash: Vec<String> = Sha256::digest(&bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("page-{}_bg.wasm", hash.concat());
    fs::write(old.with_file_name(&name), bytes)?;
    rename_in(&page.join("index.html"), &old, &name)
}

/// The one wasm file of the page.
fn find(page: &Path) -> Result<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![page.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "wasm") {
                found.push(path);
            }
        }
    }
    ensure!(found.len() == 1, "the page should have one wasm file, not {}", found.len());
    Ok(found.remove(0))
}

fn rename_in(html: &Path, old: &Path, name: &str) -> Result<()> {
    let old = old.file_name().and_then(|old| old.to_str()).context("trunk's names are ASCII")?;
    let text = fs::read_to_string(html)?;
    ensure!(text.contains(old), "index.html does not name {old}");
    fs::write(html, text.replace(old, name))?;
    Ok(())
}

/// Makes the export of wasm-bindgen's table point at that table again: wasm-opt before version 110 writes 0 for
/// every exported table, which is the table of functions, and then the page does not start.
fn repair(wasm: &mut [u8]) -> Option<()> {
    let (mut imported, mut tables, mut exports) = (0, Vec::new(), Vec::new());
    let mut reader = Reader { wasm, at: 8 };
    while reader.at < reader.wasm.len() {
        let (id, length) = (reader.byte()?, reader.number()?);
        let next = reader.at.checked_add(length)?;
        match id {
            2 => imported = imported_tables(&mut reader)?,
            4 => tables = table_types(&mut reader)?,
            7 => exports = exported_table(&mut reader)?,
            _ => {}
        }
        reader.at = next;
    }
    for at in exports {
        let right = imported + tables.iter().position(|&kind| kind == EXTERNREF)?;
        // One byte is enough for the index of any table that there is.
        let (index @ 0..0x80, 0..0x80) = (u8::try_from(right).ok()?, wasm[at]) else { return None };
        wasm[at] = index;
    }
    Some(())
}

const EXTERNREF: u8 = 0x6f;

/// How many tables the import section (§5.5.5 of the specification) has.
fn imported_tables(reader: &mut Reader<'_>) -> Option<usize> {
    let mut tables = 0;
    for _ in 0..reader.number()? {
        reader.name()?;
        reader.name()?;
        match reader.byte()? {
            0 => drop(reader.number()?),
            1 => {
                reader.byte()?;
                reader.limits()?;
                tables += 1;
            }
            2 => reader.limits()?,
            3 => {
                reader.byte()?;
                reader.byte()?;
            }
            _ => return None,
        }
    }
    Some(tables)
}

/// The element types of the table section (§5.5.7).
fn table_types(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    let count = reader.number()?;
    let mut types = Vec::new();
    for _ in 0..count {
        types.push(reader.byte()?);
        reader.limits()?;
    }
    Some(types)
}

/// Where in the export section (§5.5.10) the index of wasm-bindgen's table stands; nowhere when it is not exported.
fn exported_table(reader: &mut Reader<'_>) -> Option<Vec<usize>> {
    let mut places = Vec::new();
    for _ in 0..reader.number()? {
        let name = reader.name()? == TABLE.as_bytes();
        let kind = reader.byte()?;
        if name && kind == 1 {
            places.push(reader.at);
        }
        reader.number()?;
    }
    Some(places)
}

/// Reads the parts of a binary module; nothing where it ends early.
struct Reader<'a> {
    wasm: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.wasm.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// Unsigned LEB128.
    fn number(&mut self) -> Option<usize> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
    }

    fn name(&mut self) -> Option<&[u8]> {
        let length = self.number()?;
        let from = self.at;
        self.at = from.checked_add(length)?;
        self.wasm.get(from..self.at)
    }

    fn limits(&mut self) -> Option<()> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 == 1 {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module with an imported table, a table of functions and one of values, and exports of both.
    fn module(exported: u8) -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend([2, 10, 1, 1, b'm', 1, b't', 1, 0x70, 1, 1, 9]);
        wasm.extend([4, 9, 2, 0x70, 1, 0x85, 0x01, 9, 0x6f, 0, 5]);
        let exports = [&[2, 1, b'f', 1, 1, 21][..], TABLE.as_bytes(), &[1, exported]].concat();
        wasm.extend([7, u8::try_from(exports.len()).unwrap()]);
        wasm.extend(exports);
        wasm
    }

    #[test]
    fn the_export_points_at_the_table_of_values() {
        for exported in [0, 1, 2] {
            let mut wasm = module(exported);
            assert_eq!(repair(&mut wasm), Some(()), "{exported}");
            assert_eq!(wasm.last(), Some(&2));
        }
    }

    #[test]
    fn other_modules_stay_as_they_are() {
        let mut empty = b"\0asm\x01\0\0\0".to_vec();
        assert_eq!(repair(&mut empty), Some(()));
        let mut cut = module(0);
        cut.truncate(cut.len() - 1);
        assert_eq!(repair(&mut cut), None);
    }
}
