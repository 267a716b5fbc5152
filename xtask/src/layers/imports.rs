//! What one file declares, imports and names by path, read from its tokens. Code behind `#[cfg(test)]` is skipped.
//!
//! Tokens and not a syntax tree: paths inside macros such as `view!` and `assert!` count, too.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// One file, or one inline module of it.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Modules declared with a body of their own in another file, and the `#[path]` of each.
    pub(super) children: Vec<(String, Option<String>)>,
    /// Modules with their body in this file.
    pub(super) inline: Vec<(String, Source)>,
    /// Every `use`, one for each name that it brings.
    pub(super) uses: Vec<Import>,
    /// Paths of at least two segments outside of `use`.
    pub(super) paths: Vec<Vec<String>>,
    /// Every identifier outside of `use`.
    pub(super) idents: HashSet<String>,
}

/// One name that a `use` brings into scope.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The whole path; for a glob, that of the module.
    pub(super) path: Vec<String>,
    /// The name, `*` for a glob.
    pub(super) name: String,
    /// Whether it has a visibility, so that others can import it from here.
    pub(super) public: bool,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Source, proc_macro2::LexError> {
    let mut source = Source::default();
    scan(&mut source, text.parse()?);
    Ok(source)
}

fn scan(source: &mut Source, tokens: TokenStream) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    let mut path_attribute = None;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Punct(hash) if hash.as_char() == '#' => {
                let Some(TokenTree::Group(attribute)) = tokens.get(at + 1) else {
                    at += 1;
                    continue;
                };
                let text = attribute.stream().to_string().replace(' ', "");
                if let Some(path) = text.strip_prefix("path=") {
                    path_attribute = Some(path.trim_matches('"').to_owned());
                }
                at += 2;
                if text.starts_with("cfg(test") || text.starts_with("cfg(all(test") {
                    at = end_of_item(&tokens, at);
                }
            }
            TokenTree::Ident(word) if word == "mod" => {
                let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else {
                    at += 1;
                    continue;
                };
                if let Some(TokenTree::Group(body)) = tokens.get(at + 2) {
                    let mut inline = Source::default();
                    scan(&mut inline, body.stream());
                    source.inline.push((name.to_string(), inline));
                } else {
                    source.children.push((name.to_string(), path_attribute.take()));
                }
                at += 3;
            }
            TokenTree::Ident(word) if word == "use" => {
                let public = at > 0 && is_visibility(&tokens[at - 1]);
                let end = end_of_item(&tokens, at);
                use_tree(source, &tokens[at + 1..end], Vec::new(), public);
                at = end;
            }
            TokenTree::Ident(first) => at = path(source, &tokens, at, first),
            TokenTree::Group(group) => {
                scan(source, group.stream());
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The index behind the next `;` or body.
fn end_of_item(tokens: &[TokenTree], start: usize) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        _ => false,
    };
    // The braces of a `use` are no body.
    let is_use = tokens[start..].iter().take(3).any(|token| is_word(token, "use"));
    let ends = |token: &TokenTree| if is_use { is_punct(token, ';') } else { ends(token) };
    tokens[start..].iter().position(ends).map_or(tokens.len(), |more| start + more + 1)
}

/// Notes a path that starts here; returns the index behind it.
fn path(source: &mut Source, tokens: &[TokenTree], mut at: usize, first: &Ident) -> usize {
    let mut path = vec![first.to_string()];
    at += 1;
    while let (Some(one), Some(two), Some(TokenTree::Ident(next))) =
        (tokens.get(at), tokens.get(at + 1), tokens.get(at + 2))
        && is_punct(one, ':')
        && is_punct(two, ':')
    {
        path.push(next.to_string());
        at += 3;
    }
    source.idents.extend(path.iter().cloned());
    if path.len() > 1 {
        source.paths.push(path);
    }
    at
}

fn use_tree(source: &mut Source, tokens: &[TokenTree], mut path: Vec<String>, public: bool) {
    let mut alias = None;
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => alias = rest.next().map(ToString::to_string),
            TokenTree::Ident(word) => path.push(word.to_string()),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for part in inner.split(|token| is_punct(token, ',')).filter(|part| !part.is_empty()) {
                    use_tree(source, part, path.clone(), public);
                }
                return;
            }
            TokenTree::Punct(punct) if punct.as_char() == '*' => {
                source.uses.push(Import { path, name: "*".into(), public });
                return;
            }
            _ => {}
        }
    }
    // `use a::{self}` brings `a`.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    if let Some(name) = alias.or_else(|| path.last().cloned()) {
        source.uses.push(Import { path, name, public });
    }
}

fn is_visibility(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Parenthesis,
        token => is_word(token, "pub"),
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_paths_and_modules_are_read() -> Result<(), proc_macro2::LexError> {
        let source = read(
            r#"
            //! use no::such;
            use std::{fs, io::{self, Read as _}};
            pub(crate) use self::child::*;
            #[path = "web/other.rs"]
            mod other;
            mod inner { use super::Outer; }
            #[cfg(test)]
            use only::tests;
            #[cfg(test)]
            mod tests { use only::more; }
            fn f() { assert!(crate::hub::Room::new("a::b") < view! { <B on=super::x /> }); }
            "#,
        )?;
        let uses: Vec<_> = source
            .uses
            .iter()
            .map(|import| format!("{} as {} {}", import.path.join("::"), import.name, import.public))
            .collect();
        assert_eq!(
            uses,
            [
                "std::fs as fs false",
                "std::io as io false",
                "std::io::Read as _ false",
                "self::child as * true"
            ]
        );
        assert_eq!(source.children, [("other".to_owned(), Some("web/other.rs".to_owned()))]);
        assert_eq!(source.inline.len(), 1);
        let paths: Vec<_> = source.paths.iter().map(|path| path.join("::")).collect();
        assert_eq!(paths, ["crate::hub::Room::new", "super::x"]);
        Ok(())
    }
}
