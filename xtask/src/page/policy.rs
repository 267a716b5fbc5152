//! What the Content-Security-Policy has to let through: the inline scripts that trunk writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The hash of each inline script of a page, as a source expression of the policy without its quotes.
pub(super) fn inline_scripts(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<script") {
        rest = &rest[start..];
        let Some(open) = rest.find('>') else { break };
        let Some(close) = rest.find("</script>") else { break };
        let (tag, script) = (&rest[..open], rest.get(open + 1..close).unwrap_or_default());
        if !tag.contains(" src=") {
            found.push(format!("sha256-{}", STANDARD.encode(Sha256::digest(script))));
        }
        rest = &rest[close..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_hashed_as_a_browser_hashes_them() {
        let html =
            "<head><script src=\"/a.js\"></script>\n<script type=\"module\">\nalert(1)\n</script></head>";
        // printf '\nalert(1)\n' | openssl dgst -sha256 -binary | base64
        assert_eq!(inline_scripts(html), ["sha256-J8+4/wmqNoqVGih0Xof49bzVEIwR8aHhR5HvZK1wlzY="]);
        assert!(inline_scripts("<p>no script</p><script").is_empty());
    }
}
