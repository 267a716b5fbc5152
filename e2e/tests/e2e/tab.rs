//! More than one tab, what only the developer tools can do to a page, and a device that sleeps.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::WindowHandle;

use crate::page::Page;

impl Page {
    /// The tab that everything is asked of now.
    pub(crate) async fn tab(&self) -> Result<WindowHandle> {
        Ok(self.browser.driver()?.window().await?)
    }

    /// Opens a room in another tab of the same person. From then on everything is asked of that one; the connection
    /// lives when this returns.
    pub(crate) async fn another_tab(&self, room: &str) -> Result<WindowHandle> {
        let tab = self.empty_tab().await?;
        self.go(room).await?;
        self.live().await?;
        Ok(tab)
    }

    /// Opens a tab with nothing in it, and turns to it.
    pub(crate) async fn empty_tab(&self) -> Result<WindowHandle> {
        let driver = self.browser.driver()?;
        let tab = driver.new_tab().await?;
        driver.switch_to_window(tab.clone()).await?;
        Ok(tab)
    }

    /// From now on everything is asked of this tab, and a person would see it.
    pub(crate) async fn turn_to(&self, tab: &WindowHandle) -> Result<()> {
        self.browser.driver()?.switch_to_window(tab.clone()).await?;
        self.devtools("Page.bringToFront", json!({})).await.map(drop)
    }

    /// Closes the tab that was turned to. Another one must be turned to next.
    pub(crate) async fn close_tab(&self) -> Result<()> {
        Ok(self.browser.driver()?.close_window().await?)
    }

    /// A command of the Chrome `DevTools` protocol, and its answer.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let done = self.browser.driver()?.cdp().send_raw(command, parameters).await;
        done.with_context(|| command.to_owned())
    }

    /// Puts the window away, or shows it again: `minimized` or `normal`.
    pub(crate) async fn window(&self, state: &str) -> Result<()> {
        let window = self.devtools("Browser.getWindowForTarget", json!({})).await?;
        let bounds = json!({ "windowId": window["windowId"], "bounds": { "windowState": state } });
        self.devtools("Browser.setWindowBounds", bounds).await?;
        let hidden = state == "minimized";
        self.until("the page hears of it", &format!("document.hidden === {hidden}")).await
    }

    /// Types messages while there is no connection, and waits until so many in all are shown as queued.
    pub(crate) async fn queue(&self, texts: &[&str], in_all: usize) -> Result<()> {
        self.until("the button says that messages wait", "document.querySelector('button.send:not(.icon)')")
            .await?;
        for text in texts {
            self.say(text).await?;
        }
        let queued = "[...document.querySelectorAll('.log .msg.wait .state')]
            .filter(state => /Queued/.test(state.textContent)).length";
        self.until("the messages are queued", &format!("{queued} === {in_all}")).await
    }

    /// How many lines say that something is missing.
    pub(crate) async fn breaks(&self) -> Result<usize> {
        self.eval("document.querySelectorAll('.log li.info.note').length").await
    }
}
