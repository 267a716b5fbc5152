//! Upper and lower case, as the browser knows them: the tables for it are not small.

#[cfg(target_arch = "wasm32")]
mod here {
    use js_sys::JsString;

    /// A text in lower case.
    pub fn lower(text: &str) -> String {
        JsString::from(text).to_lower_case().into()
    }

    /// A text in upper case.
    pub fn upper(text: &str) -> String {
        JsString::from(text).to_upper_case().into()
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod here {
    /// A text in lower case.
    pub fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    /// A text in upper case.
    pub fn upper(text: &str) -> String {
        text.to_uppercase()
    }
}

pub use here::{lower, upper};
