use std::fs;

use redb::{Database, ReadableDatabase, TableDefinition};

use super::{super::tables::META, *};

fn error(path: &std::path::Path) -> String {
    let settings = EmbeddedSettings { path: Some(path.to_owned()), ..EmbeddedSettings::default() };
    let error = Store::open(settings).unwrap_err().to_string();
    assert!(error.contains(&path.display().to_string()), "{error}");
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_file_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    let store = on(&path);
    assert!(error(&path).contains("in use by another node"));
    store.close();
    on(&path);
}

#[test]
fn a_place_where_no_file_can_be() {
    let folder = tempfile::tempdir().unwrap();
    assert!(error(&folder.path().join("missing").join("hubbub.redb")).contains("cannot be opened"));
    fs::write(folder.path().join("plain"), "").unwrap();
    assert!(error(&folder.path().join("plain").join("hubbub.redb")).contains("cannot be opened"));
    assert!(error(folder.path()).contains("cannot be opened"));
    let settings = EmbeddedSettings {
        path: Some(folder.path().join("none.redb")),
        create: false,
        ..EmbeddedSettings::default()
    };
    assert!(Store::open(settings).unwrap_err().to_string().contains("cannot be opened"));
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.redb");
    let broker = on(&whole).join();
    fill(&broker, "a", 500).await;
    broker.core.close().await;
    let bytes = fs::read(&whole).unwrap();
    let mut no_magic = bytes.clone();
    no_magic[..64].fill(0x55);
    let mut bad_page = bytes.clone();
    bad_page[4096..].fill(0xaa);
    for (name, contents) in [
        ("empty", Vec::new()),
        ("text", b"dear diary\n".repeat(1_000)),
        ("zeros", vec![0; 20_000]),
        ("no-magic", no_magic),
        ("cut", bytes[..bytes.len() / 3].to_vec()),
        ("header-only", bytes[..4096].to_vec()),
        ("bad-pages", bad_page),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, &contents).unwrap();
        let error = error(&path);
        assert!(error.contains("damaged or no hubbub file"), "{name}: {error}");
        let left = fs::read(&path).unwrap();
        assert!(!left.is_empty() || contents.is_empty(), "{name} was replaced");
    }

    let foreign = folder.path().join("foreign.redb");
    let database = Database::create(&foreign).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(TableDefinition::<&str, u64>::new("theirs")).unwrap().insert("x", 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(error(&foreign).contains("another program's"));
    let database = Database::open(&foreign).unwrap();
    let read = database.begin_read().unwrap();
    assert_eq!(read.list_tables().unwrap().count(), 1);
}

#[test]
fn a_file_of_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.redb");
    on(&path).close();
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(error(&path).contains("has format 2 and this version reads format 1"));
}

#[test]
fn nothing_is_left_beside_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    on(&folder.path().join("hubbub.redb"));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["hubbub.redb"]);
}
