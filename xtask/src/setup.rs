//! The tools that a task needs: what is there is used, what is missing is made or installed once.
//!
//! - [`wasm`]: the standard library for wasm32.
//! - [`find`]: where programs are looked for; [`make`]: those that are compiled from the crate registry.
//! - [`packages`]: those that come from the distribution; [`links`]: one folder with links to those for the page.

mod find;
mod links;
mod make;
mod packages;
mod wasm;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

/// The trunk that the set-up compiles; any 0.21 that is there already will do.
const TRUNK: &str = "0.21.14";

/// What building the page takes.
#[derive(Debug)]
pub(crate) struct PageTools {
    /// Bundles the page.
    pub(crate) trunk: PathBuf,
    /// Makes the JavaScript side of the wasm; its version is the library's own.
    pub(crate) wasm_bindgen: PathBuf,
    /// Makes the wasm smaller by a fifth; the page can do without.
    pub(crate) wasm_opt: Option<PathBuf>,
}

impl PageTools {
    /// A command that finds all of them on its PATH.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let tools = [Some(&self.wasm_bindgen), self.wasm_opt.as_ref(), Some(&self.trunk)];
        command.env("PATH", path_with(tools.into_iter().flatten().filter_map(|tool| tool.parent())));
        // trunk 0.21 wants `true` here where the rest of the world writes `1`.
        if env::var_os("NO_COLOR").is_some() {
            command.env("NO_COLOR", "true");
        }
        command
    }
}

/// What the tests take beyond that. A missing one is an error with a hint; tests are never skipped for it.
#[derive(Debug)]
pub(crate) struct BrowserTools {
    /// A browser without a window.
    pub(crate) chromium: PathBuf,
    /// Drives it; its version is the browser's own.
    pub(crate) chromedriver: PathBuf,
}

/// Everything for the page, set up as far as it is missing.
pub(crate) fn page_tools(workspace: &Workspace) -> Result<PageTools> {
    wasm::ensure(workspace)?;
    let wasm_bindgen = make::wasm_bindgen(workspace)?;
    let trunk = make::trunk(workspace)?;
    let wasm_opt = packages::wasm_opt();
    let tools = PageTools { trunk, wasm_bindgen, wasm_opt };
    links::refresh(&tools)?;
    Ok(tools)
}

/// The standard library for wasm32 and the runner for its tests.
pub(crate) fn test_runner(workspace: &Workspace) -> Result<PathBuf> {
    wasm::ensure(workspace)?;
    let bindgen = make::wasm_bindgen(workspace)?;
    Ok(bindgen.with_file_name(format!("wasm-bindgen-test-runner{}", env::consts::EXE_SUFFIX)))
}

/// The standard library for wasm32, for checks that build nothing.
pub(crate) fn wasm_target(workspace: &Workspace) -> Result<()> {
    wasm::ensure(workspace)
}

/// Browser and driver.
pub(crate) fn browser() -> Result<BrowserTools> {
    packages::browser()
}

/// A proxy for the tests that stand behind one.
pub(crate) fn nginx() -> Result<PathBuf> {
    packages::nginx()
}

/// A redis-server to start for tests or for a cluster.
pub(crate) fn redis_server() -> Result<PathBuf> {
    packages::redis_server()
}

/// What the page depends on besides its sources, without setting anything up.
pub(crate) fn versions(workspace: &Workspace) -> Result<String> {
    let bindgen = make::locked_version(workspace, "wasm-bindgen")?;
    let opt = packages::wasm_opt_found().is_some();
    Ok(format!("trunk {TRUNK} wasm-bindgen {bindgen} wasm-opt {opt}"))
}

/// All of it, with a list at the end.
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    let page = page_tools(workspace)?;
    println!("trunk         {}", page.trunk.display());
    println!("wasm-bindgen  {}", page.wasm_bindgen.display());
    println!(
        "wasm-opt      {}",
        page.wasm_opt.as_deref().unwrap_or(Path::new("none: larger page")).display()
    );
    let redis = redis_server()?;
    println!("redis-server  {}", redis.display());
    println!("nginx         {}", nginx()?.display());
    let browser = browser()?;
    println!("chromium      {}", browser.chromium.display());
    println!("chromedriver  {}", browser.chromedriver.display());
    links::explain()
}

/// PATH with some folders before everything else.
pub(crate) fn path_with<'a>(first: impl Iterator<Item = &'a Path>) -> OsString {
    let rest = env::var_os("PATH").unwrap_or_default();
    let all = first.map(Path::to_owned).chain(env::split_paths(&rest));
    env::join_paths(all).unwrap_or(rest)
}

/// Where tools are kept that were made here: outside the target folder, so that `cargo clean` leaves them.
fn cache() -> Result<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .or_else(|| set("LOCALAPPDATA"))
        .context("neither XDG_CACHE_HOME nor HOME is set: no place to keep the tools")?;
    Ok(cache.join("hubbub"))
}

/// Whether a program can be run from this PATH or Cargo's own folder; see [`find::program`].
fn found(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    find::program(name.as_ref())
}
