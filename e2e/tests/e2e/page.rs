//! Hubbub in a browser: what a person sees and does.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use thirtyfour::{By, Key};

use crate::browser::{Browser, Screen};

/// Longest wait for anything that must happen: the machine may be busy with other browsers.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Between two looks at a page.
const TICK: Duration = Duration::from_millis(50);

/// The page of one node, in a browser of its own.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) browser: Browser,
    node: String,
}

/// A message as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Shown {
    pub(crate) who: String,
    pub(crate) said: String,
    /// Whether the page takes it for its own person's.
    pub(crate) own: bool,
    /// Whether the server has it.
    pub(crate) stored: bool,
}

const SHOWN: &str = "[...document.querySelectorAll('.log article.msg')].map(row => ({
    who: row.querySelector('.who').textContent,
    said: row.querySelector('.body').textContent,
    own: row.dataset.hue === 'me',
    stored: row.querySelector('time') !== null,
}))";

impl Page {
    /// Opens a room at a node in a window of 1280×800. The address is that of `NodeProcess::url`.
    pub(crate) async fn open(node: &str, room: &str) -> Result<Self> {
        Self::open_on(Screen::Window(1280, 800), node, room).await
    }

    /// The same on another screen.
    pub(crate) async fn open_on(screen: Screen, node: &str, room: &str) -> Result<Self> {
        let browser = Browser::with(screen).await?;
        let page = Self { browser, node: node.to_owned() };
        page.go(room).await?;
        Ok(page)
    }

    /// Opens a room's address and waits for the page to take over from the shell.
    pub(crate) async fn go(&self, room: &str) -> Result<()> {
        self.browser.driver()?.goto(format!("{}/r/{room}", self.node)).await?;
        self.started().await
    }

    /// Reloads, as with F5.
    pub(crate) async fn reload(&self) -> Result<()> {
        self.browser.driver()?.refresh().await?;
        self.started().await
    }

    async fn started(&self) -> Result<()> {
        self.until("the page starts", "!document.getElementById('shell')").await
    }

    /// Opens a room as a new person of this name; the connection lives when this returns.
    pub(crate) async fn join(node: &str, room: &str, name: &str) -> Result<Self> {
        let page = Self::open(node, room).await?;
        page.take_name(name).await?;
        Ok(page)
    }

    /// Answers the first question; the connection lives when this returns.
    pub(crate) async fn take_name(&self, name: &str) -> Result<()> {
        self.until("the question for a name", "!!document.getElementById('name')").await?;
        let field = self.browser.driver()?.find(By::Id("name")).await?;
        field.send_keys(format!("{name}{}", Key::Enter.value())).await?;
        self.live().await
    }

    /// Waits until there is a connection and the room is open.
    pub(crate) async fn live(&self) -> Result<()> {
        self.until(
            "the connection lives",
            "document.querySelector('.pulse:not(.off)') && document.querySelector('button.send.icon')",
        )
        .await
    }

    /// Types a message and presses Enter.
    pub(crate) async fn say(&self, text: &str) -> Result<()> {
        let field = self.browser.driver()?.find(By::Id("draft")).await?;
        field.send_keys(format!("{text}{}", Key::Enter.value())).await?;
        self.until("the composer is empty again", "document.getElementById('draft').value === ''").await
    }

    /// All messages in the log, from the top.
    pub(crate) async fn messages(&self) -> Result<Vec<Shown>> {
        self.eval(SHOWN).await
    }

    /// Waits until the log shows this message as stored.
    pub(crate) async fn wait_message(&self, who: &str, said: &str) -> Result<Shown> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let messages = self.messages().await?;
            if let Some(found) = messages.iter().find(|m| m.who == who && m.said == said && m.stored) {
                return Ok(found.clone());
            }
            if Instant::now() > deadline {
                return self.missing(&format!("{who} says {said:?}")).await;
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// What the log says, as pairs of who and what.
    pub(crate) async fn conversation(&self) -> Result<Vec<(String, String)>> {
        Ok(self.messages().await?.into_iter().map(|message| (message.who, message.said)).collect())
    }

    /// Waits until an expression is true in the page.
    pub(crate) async fn until(&self, what: &str, expression: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.eval::<bool>(&format!("!!({expression})")).await? {
            if Instant::now() > deadline {
                return self.missing(what).await;
            }
            tokio::time::sleep(TICK).await;
        }
        Ok(())
    }

    /// The value of an expression in the page.
    pub(crate) async fn eval<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        self.call(&format!("return {expression}"), &[]).await
    }

    /// What a function's body returns in the page.
    pub(crate) async fn call<T: DeserializeOwned>(&self, body: &str, args: &[Value]) -> Result<T> {
        let done = self.browser.driver()?.execute(body, args.to_vec()).await;
        done.and_then(|value| value.convert()).with_context(|| body.to_owned())
    }

    /// Puts a text into the composer by hand, for characters that no key makes, and sends it.
    pub(crate) async fn paste(&self, text: &str) -> Result<()> {
        let body = "const field = document.getElementById('draft');
            field.value = arguments[0];
            field.dispatchEvent(new Event('input', { bubbles: true }));
            field.form.requestSubmit();
            return true";
        let _: bool = self.call(body, &[json!(text)]).await?;
        self.until("the composer is empty again", "document.getElementById('draft').value === ''").await
    }

    /// Clicks the first element that a selector finds.
    pub(crate) async fn click(&self, selector: &str) -> Result<()> {
        let element = self.browser.driver()?.find(By::Css(selector)).await?;
        element.click().await.with_context(|| selector.to_owned())
    }

    /// What the browser complained about since the last call: errors, refused requests, violated policies.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.browser.driver()?.browser_log().await?;
        let wrong = log.into_iter().filter(|entry| {
            matches!(entry.level.as_str(), "SEVERE" | "WARNING") || entry.message.contains("Content Security")
        });
        Ok(wrong.map(|entry| format!("{} {}", entry.level, entry.message)).collect())
    }

    /// Fails, and says what the page shows instead.
    async fn missing<T>(&self, what: &str) -> Result<T> {
        let seen: String = self.eval("document.body.innerText.slice(-3000)").await?;
        let complaints = self.complaints().await?;
        bail!("{what}: not within {PATIENCE:?}. The browser says {complaints:?}; the page shows:\n{seen}")
    }

    /// The page must never be wider than its window.
    pub(crate) async fn expect_no_sideways(&self) -> Result<()> {
        let (wide, window): (f64, f64) =
            self.eval("[document.documentElement.scrollWidth, innerWidth]").await?;
        ensure!(wide <= window, "the page is {wide} wide in a window of {window}");
        Ok(())
    }
}
