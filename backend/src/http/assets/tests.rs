use axum::body::to_bytes;

use super::*;

static FILES: &[File] = &[
    File {
        path: "assets/app-0123456789abcdef.js",
        kind: "text/javascript; charset=utf-8",
        hashed: true,
        tag: "aa",
        identity: b"plain",
        brotli: Some(b"brotli"),
        gzip: Some(b"gzip"),
    },
    File {
        path: "icon.png",
        kind: "image/png",
        hashed: false,
        tag: "bb",
        identity: b"png",
        brotli: None,
        gzip: None,
    },
    File {
        path: "index.html",
        kind: "text/html; charset=utf-8",
        hashed: false,
        tag: "cc",
        identity: b"<p>",
        brotli: Some(b"br"),
        gzip: None,
    },
];

const APP: &str = "/assets/app-0123456789abcdef.js";

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(name, value.parse().unwrap());
    }
    headers
}

fn get(path: &str, pairs: &[(HeaderName, &str)]) -> Response {
    asset_of(FILES, &Method::GET, path, &headers(pairs))
}

fn header<'a>(response: &'a Response, name: &HeaderName) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn body(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()
}

#[tokio::test]
async fn the_client_chooses_the_encoding() {
    for (accept, encoding, content) in [
        (None, None, "plain"),
        (Some(""), None, "plain"),
        (Some("gzip, deflate, br, zstd"), Some("br"), "brotli"),
        (Some("gzip"), Some("gzip"), "gzip"),
        (Some("GZIP"), Some("gzip"), "gzip"),
        (Some("br;q=0, gzip"), Some("gzip"), "gzip"),
        (Some("br;q=0.5, gzip;q=0.8"), Some("gzip"), "gzip"),
        (Some("br; q=0.8 , gzip;q=0.8"), Some("br"), "brotli"),
        (Some("gzip;q=0.001"), Some("gzip"), "gzip"),
        (Some("identity, gzip;q=0.5"), None, "plain"),
        (Some("identity;q=0.1, gzip;q=0.5"), Some("gzip"), "gzip"),
        (Some("*"), Some("br"), "brotli"),
        (Some("*, br;q=0"), Some("gzip"), "gzip"),
        (Some("*;q=0"), None, "plain"),
        (Some("identity;q=0, *;q=0"), None, "plain"),
        (Some("br;q=nonsense"), None, "plain"),
        (Some("deflate, zstd"), None, "plain"),
        (Some("brrr, xgzip"), None, "plain"),
    ] {
        let pairs: Vec<_> = accept.map(|accept| (ACCEPT_ENCODING, accept)).into_iter().collect();
        let response = get(APP, &pairs);
        assert_eq!(header(&response, &CONTENT_ENCODING), encoding, "{accept:?}");
        assert_eq!(header(&response, &VARY), Some("accept-encoding"), "{accept:?}");
        assert_eq!(
            header(&response, &CONTENT_LENGTH),
            Some(content.len().to_string().as_str()),
            "{accept:?}"
        );
        assert_eq!(body(response).await, content.as_bytes(), "{accept:?}");
    }
}

#[test]
fn a_header_sent_twice_counts_twice() {
    let response = get(APP, &[(ACCEPT_ENCODING, "deflate"), (ACCEPT_ENCODING, "br")]);
    assert_eq!(header(&response, &CONTENT_ENCODING), Some("br"));
}

#[test]
fn what_is_never_compressed_does_not_vary() {
    let response = get("/icon.png", &[(ACCEPT_ENCODING, "br, gzip")]);
    assert_eq!(header(&response, &CONTENT_ENCODING), None);
    assert_eq!(header(&response, &VARY), None);
    assert_eq!(header(&response, &CONTENT_TYPE), Some("image/png"));
}

#[test]
fn hashed_names_are_kept_for_ever_and_others_asked_for_again() {
    assert_eq!(header(&get(APP, &[]), &CACHE_CONTROL), Some(FOREVER));
    assert_eq!(header(&get("/icon.png", &[]), &CACHE_CONTROL), Some(ASK));
    assert_eq!(header(&page_of(FILES, &Method::GET, &HeaderMap::new()), &CACHE_CONTROL), Some(ASK));
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    for (accept, known, status) in [
        ("br", "\"aa-br\"", StatusCode::NOT_MODIFIED),
        ("br", "W/\"aa-br\"", StatusCode::NOT_MODIFIED),
        ("br", "\"x\", \"aa-br\"", StatusCode::NOT_MODIFIED),
        ("br", "*", StatusCode::NOT_MODIFIED),
        ("gzip", "\"aa-gz\"", StatusCode::NOT_MODIFIED),
        ("", "\"aa\"", StatusCode::NOT_MODIFIED),
        ("br", "\"aa\"", StatusCode::OK),
        ("br", "aa-br", StatusCode::OK),
        ("br", "\"bb-br\"", StatusCode::OK),
    ] {
        let response = get(APP, &[(ACCEPT_ENCODING, accept), (IF_NONE_MATCH, known)]);
        assert_eq!(response.status(), status, "{accept} {known}");
        assert!(header(&response, &ETAG).is_some_and(|tag| tag.starts_with("\"aa")), "{accept} {known}");
        assert_eq!(header(&response, &CACHE_CONTROL), Some(FOREVER));
        let sent = body(response).await;
        assert_eq!(sent.is_empty(), status == StatusCode::NOT_MODIFIED, "{accept} {known}");
    }
}

#[tokio::test]
async fn head_tells_the_same_without_the_body() {
    let asked = headers(&[(ACCEPT_ENCODING, "br")]);
    let got = asset_of(FILES, &Method::GET, APP, &asked);
    let told = asset_of(FILES, &Method::HEAD, APP, &asked);
    assert_eq!(told.status(), StatusCode::OK);
    assert_eq!(told.headers(), got.headers());
    assert!(body(told).await.is_empty());
}

#[test]
fn only_reading_is_allowed() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        for response in [
            asset_of(FILES, &method, APP, &HeaderMap::new()),
            page_of(FILES, &method, &HeaderMap::new()),
            page_of(&[], &method, &HeaderMap::new()),
        ] {
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(header(&response, &ALLOW), Some("GET, HEAD"));
        }
    }
}

#[test]
fn what_is_not_there_is_404() {
    for path in
        ["/nothing.js", "/assets/", "/assets", "/index.html", "/../Cargo.toml", "/%2e%2e/x", "", "//icon.png"]
    {
        let response = get(path, &[]);
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path:?}");
        assert_eq!(header(&response, &CACHE_CONTROL), Some("no-store"), "{path:?}");
        assert_eq!(header(&response, &axum::http::header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"));
    }
}

#[tokio::test]
async fn a_build_without_a_page_says_so() {
    let response = page_of(&[], &Method::GET, &HeaderMap::new());
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&response, &CACHE_CONTROL), Some("no-store"));
    let text = String::from_utf8(body(response).await).unwrap();
    assert!(text.contains("cargo xtask build"));
}

#[test]
fn the_embedded_table_is_sorted_and_complete() {
    assert!(table::FILES.is_sorted_by(|one, other| one.path < other.path));
    if built() {
        assert!(table::find(table::FILES, "index.html").is_some());
        assert!(!table::SCRIPTS.is_empty());
        let wasm: Vec<_> = table::FILES.iter().filter(|file| file.kind == "application/wasm").collect();
        assert!(!wasm.is_empty() && wasm.iter().all(|file| file.hashed && file.brotli.is_some()));
    }
}
