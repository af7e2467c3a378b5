//! What is kept of deliveries, and what of it another process sees.

use super::super::scratch::Folder;
use super::*;
use crate::engine::outbox_log::OutboxRow;

const STORE: StoreId = StoreId([1; 16]);

fn row(seq: u64) -> OutboxRow {
    let (id, kind, live) = (format!("msg_{seq}"), "host.online".to_owned(), "a".to_owned());
    OutboxRow { seq, id, kind, live, at: WallMs(seq * 10), body: format!("{{\"n\":{seq}}}") }
}

fn letter(endpoint: &str, seq: u64) -> DeadLetter {
    let (endpoint, error) = (endpoint.to_owned(), "status 500".to_owned());
    DeadLetter { endpoint, row: row(seq), attempts: 7, died: WallMs(99), error, wanted: false }
}

fn trouble(seq: u64) -> Trouble {
    Trouble { seq, attempts: 2, first_failure: WallMs(5), next_try: WallMs(9), error: "status 500".to_owned() }
}

#[test]
fn a_new_endpoint_begins_at_the_head_and_a_known_one_where_it_was() {
    let folder = Folder::new("deliveries");
    let path = folder.path().join("webhooks.db");
    let log = Deliveries::open(&path).unwrap();
    let begun = log.begin("crm", STORE, 40).unwrap();
    assert_eq!(begun, Standing { endpoint: "crm".to_owned(), cursor: 40, ..Standing::default() });
    log.settle("crm", 42, 2).unwrap();
    log.trouble("crm", WallMs(5), &trouble(43)).unwrap();
    drop(log);
    let log = Deliveries::open(&path).unwrap();
    let known = log.begin("crm", STORE, 90).unwrap();
    assert_eq!((known.cursor, known.delivered), (42, 2));
    assert_eq!((known.trouble, known.failing_since), (Some(trouble(43)), Some(WallMs(5))));
    log.settle("crm", 43, 1).unwrap();
    let settled = log.standings().unwrap().remove(0);
    assert_eq!((settled.trouble, settled.failing_since, settled.delivered), (None, None, 3));
}

#[test]
fn a_cursor_of_another_file_or_of_a_later_time_begins_at_the_head() {
    let log = Deliveries::in_memory().unwrap();
    log.begin("crm", STORE, 40).unwrap();
    assert_eq!(log.begin("crm", STORE, 30).unwrap().cursor, 30, "a backup was brought back");
    assert_eq!(log.begin("crm", StoreId([2; 16]), 70).unwrap().cursor, 70, "another file");
}

#[test]
fn where_none_is_known_of_a_file_all_begin_with_the_oldest_event_that_is_there() {
    let log = Deliveries::in_memory().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let cursors =
        |log: &Deliveries| log.standings().unwrap().into_iter().map(|it| (it.endpoint, it.cursor)).collect::<Vec<_>>();
    let at = |cursors: &[(&str, u64)]| cursors.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>();
    log.begin_all(&names(&["crm", "erp"]), STORE, OutboxEnds { settled: 30, head: 40 }).unwrap();
    assert_eq!(cursors(&log), at(&[("crm", 30), ("erp", 30)]), "both, not the first alone");
    log.settle("crm", 45, 1).unwrap();
    log.begin_all(&names(&["crm", "erp", "new"]), STORE, OutboxEnds { settled: 30, head: 50 }).unwrap();
    assert_eq!(cursors(&log), at(&[("crm", 45), ("erp", 30), ("new", 50)]), "one more of a file that is known");
    log.begin_all(&names(&["crm", "new"]), STORE, OutboxEnds { settled: 30, head: 42 }).unwrap();
    assert_eq!(cursors(&log), at(&[("crm", 42), ("erp", 30), ("new", 42)]), "all of the backup had been settled");
    log.begin_all(&names(&["crm", "new"]), StoreId([2; 16]), OutboxEnds { settled: 7, head: 9 }).unwrap();
    assert_eq!(cursors(&log), at(&[("crm", 7), ("erp", 30), ("new", 7)]), "another file");
}

#[test]
fn after_a_backup_came_back_an_endpoint_that_is_configured_later_misses_nothing_either() {
    let log = Deliveries::in_memory().unwrap();
    let [crm, erp] = ["crm", "erp"].map(str::to_owned);
    log.begin_all(&[crm.clone(), erp.clone()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
    log.settle("crm", 8, 8).unwrap();
    log.settle("erp", 8, 8).unwrap();
    // The outbox is at 3 again, and goes on while nobody speaks of the second.
    log.begin_all(&[crm], STORE, OutboxEnds { settled: 0, head: 3 }).unwrap();
    assert_eq!(log.begin(&erp, STORE, 10).unwrap().cursor, 3);
}

#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("private");
    let path = folder.path().join("webhooks.db");
    let log = Deliveries::open(&path).unwrap();
    log.begin("crm", STORE, 0).unwrap();
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.contains(&path) && files.len() > 1, "{files:?}");
    for file in files {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_file_that_was_cut_is_refused_by_name_and_left_as_it_is() {
    let folder = Folder::new("cut");
    let path = folder.path().join("webhooks.db");
    let log = Deliveries::open(&path).unwrap();
    log.begin("crm", STORE, 0).unwrap();
    log.bury("crm", 1, &[letter("crm", 1)]).unwrap();
    drop(log);
    let whole = std::fs::read(&path).unwrap();
    assert!(whole.len() > 4 * 4_096, "all of it is in the file");
    for bytes in [1, 15, 16, 50, 99, 100, 2_000, 4_096, 10_000, whole.len() - 4_096, whole.len() - 1] {
        std::fs::write(&path, &whole[..bytes]).unwrap();
        let refused = Deliveries::open(&path).err().unwrap_or_else(|| panic!("{bytes} bytes were opened")).to_string();
        assert!(refused.contains("webhooks.db"), "{bytes}: {refused}");
        assert!(bytes < 16 || refused.contains("it was cut") && refused.contains("put a copy"), "{bytes}: {refused}");
        assert!(std::fs::read(&path).unwrap() == whole[..bytes], "{bytes}: written to");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Deliveries::open(&path).unwrap().standings().unwrap()[0].dead, 1);
}

#[test]
fn an_endpoint_that_is_configured_no_more_keeps_its_cursor_and_since_when() {
    let log = Deliveries::in_memory().unwrap();
    for name in ["a", "b"] {
        log.begin(name, STORE, 1).unwrap();
    }
    let b = Configured { name: "b".to_owned(), kinds: None };
    log.configured(std::slice::from_ref(&b), WallMs(100)).unwrap();
    log.configured(&[b], WallMs(200)).unwrap();
    let gone = |log: &Deliveries| log.standings().unwrap().iter().map(|it| it.gone_since).collect::<Vec<_>>();
    assert_eq!(gone(&log), [Some(WallMs(100)), None]);
    assert_eq!(log.begin("a", STORE, 9).unwrap().cursor, 1);
    assert_eq!(gone(&log), [None, None]);
}

#[test]
fn dead_letters_are_wanted_by_another_process_and_come_back_in_order() {
    let folder = Folder::new("letters");
    let path = folder.path().join("webhooks.db");
    let server = Deliveries::open(&path).unwrap();
    server.begin("crm", STORE, 0).unwrap();
    server.begin("erp", STORE, 0).unwrap();
    server.bury("crm", 2, &[letter("crm", 2), letter("crm", 1)]).unwrap();
    server.bury("erp", 1, &[letter("erp", 1)]).unwrap();
    let command = Deliveries::open_existing(&path).unwrap().unwrap();
    let standing = command.standings().unwrap().remove(0);
    assert_eq!((standing.cursor, standing.dead, standing.wanted), (2, 2, 0));
    let crm = Which { endpoint: Some("crm".to_owned()), id: None };
    assert_eq!(command.want(&crm), Ok(2));
    assert_eq!(command.want(&Which { endpoint: None, id: Some("msg_9".to_owned()) }), Ok(0));
    let wanted = server.wanted("crm", 9).unwrap();
    assert_eq!(wanted.iter().map(|letter| &*letter.row.id).collect::<Vec<_>>(), ["msg_1", "msg_2"]);
    assert_eq!((&wanted[1].row, wanted[1].attempts, wanted[1].wanted), (&row(2), 7, true));
    assert_eq!(server.wanted("erp", 9), Ok(Vec::new()));
    server.revived("crm", "msg_1").unwrap();
    server.give_up("crm", "msg_2", 3, "status 410").unwrap();
    let dead = server.dead(&Which::default(), 9).unwrap();
    let told: Vec<_> = dead.iter().map(|it| (&*it.endpoint, &*it.row.id, it.attempts, &*it.error, it.wanted)).collect();
    assert_eq!(told, [("crm", "msg_2", 10, "status 410", false), ("erp", "msg_1", 7, "status 500", false)]);
}

#[test]
fn a_dead_letter_that_reads_otherwise_is_sent_to_nobody_and_is_named() {
    let folder = Folder::new("changed");
    let log = Deliveries::open(&folder.path().join("webhooks.db")).unwrap();
    log.begin("crm", STORE, 0).unwrap();
    log.bury("crm", 2, &[letter("crm", 1), letter("crm", 2)]).unwrap();
    let tell = |sql: &str| log.write(true, |change| change.db.execute(sql, [])).unwrap();
    let all = Which::default();
    assert_eq!(log.want(&all), Ok(2));
    assert_eq!(tell("UPDATE letters SET body = replace(body, '2', '3')"), 2);
    for said in [log.want(&all).unwrap_err(), log.wanted("crm", 9).unwrap_err()].map(|fault| fault.to_string()) {
        assert!(said.contains("webhooks.db: msg_2 is not as it was written") && said.contains("put a copy"), "{said}");
    }
    assert_eq!(log.want(&Which { endpoint: None, id: Some("msg_1".to_owned()) }), Ok(1), "it is whole");
    assert_eq!(log.dead(&all, 9).unwrap().len(), 2, "what is there is shown");
    tell("UPDATE letters SET body = replace(body, '3', '2'), endpoint = 'erp' WHERE id = 'msg_2'");
    assert!(log.want(&all).unwrap_err().to_string().contains("msg_2"), "it is not for another receiver");
    tell("UPDATE letters SET endpoint = 'crm'");
    // As a server before this check has left it.
    tell("UPDATE letters SET print = NULL");
    assert_eq!((log.want(&all), log.wanted("crm", 9).unwrap().len()), (Ok(2), 2));
}

#[test]
fn an_endpoint_that_reads_otherwise_stops_a_start_and_is_named() {
    let folder = Folder::new("moved");
    let path = folder.path().join("webhooks.db");
    let names = ["crm".to_owned(), "erp".to_owned()];
    let ends = OutboxEnds { settled: 0, head: 90 };
    for other in ["cursor = cursor + 8", "gone_since = 1", "next_try = 10", "store = zeroblob(16)", "kinds = '[]'"] {
        for name in ["webhooks.db", "webhooks.head"] {
            drop(std::fs::remove_file(folder.path().join(name)));
        }
        let log = Deliveries::open(&path).unwrap();
        log.begin_all(&names, STORE, ends).unwrap();
        // Whatever changes one writes what stands for it.
        log.configured(&names.clone().map(|name| Configured { name, kinds: None }), WallMs(1)).unwrap();
        log.settle("crm", 20, 20).unwrap();
        log.trouble("crm", WallMs(5), &trouble(21)).unwrap();
        log.bury("crm", 21, &[letter("crm", 21)]).unwrap();
        log.want(&Which::default()).unwrap();
        log.revived("crm", "msg_21").unwrap();
        log.begin_all(&names, STORE, ends).unwrap();
        assert_eq!(log.begin("crm", STORE, 90).unwrap().cursor, 21);
        let changed = format!("UPDATE endpoints SET {other} WHERE name = 'crm'");
        log.write(true, |change| change.db.execute(&changed, [])).unwrap();
        let faults = [
            log.begin_all(&names, STORE, ends).unwrap_err(),
            log.begin("crm", STORE, 90).map(drop).unwrap_err(),
            log.settle("crm", 30, 1).unwrap_err(),
            log.trouble("crm", WallMs(5), &trouble(31)).unwrap_err(),
            log.bury("crm", 31, &[letter("crm", 31)]).unwrap_err(),
            log.revived("crm", "msg_31").unwrap_err(),
            log.configured(&[], WallMs(2)).unwrap_err(),
            Deliveries::open(&path).map(drop).unwrap_err(),
        ];
        for said in faults.map(|fault| fault.to_string()) {
            assert!(said.contains("webhooks.db: how far endpoint \"crm\" is") && said.contains("put a copy"), "{said}");
        }
        let standing = log.standings().unwrap().remove(0);
        assert!(standing.cursor >= 21 && standing.cursor < 30, "nothing is written over it");
    }
}

#[test]
fn an_index_that_leads_elsewhere_is_refused_by_name_and_left_as_it_is() {
    let folder = Folder::new("index");
    let path = folder.path().join("webhooks.db");
    let log = Deliveries::open(&path).unwrap();
    log.begin_all(&["backend".to_owned()], STORE, OutboxEnds { settled: 3, head: 90 }).unwrap();
    drop(log);
    let (root, page): (u64, u64) = {
        let db = Connection::open(&path).unwrap();
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_endpoints_1'";
        let root = db.query_row(root, [], |row| row.get(0)).unwrap();
        (root, db.pragma_query_value(None, "page_size", |row| row.get(0)).unwrap())
    };
    let mut bytes = std::fs::read(&path).unwrap();
    let leaf = &mut bytes[usize::try_from((root - 1) * page).unwrap()..];
    let at = leaf.windows(7).position(|bytes| bytes == b"backend").unwrap();
    leaf[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let said = Deliveries::open(&path).err().expect("refused").to_string();
    assert!(said.contains("webhooks.db: it is damaged") && said.contains("put a copy of the file back"), "{said}");
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[test]
fn another_file_is_refused_by_name_and_left_as_it_is() {
    let folder = Folder::new("foreign");
    let path = folder.path().join("webhooks.db");
    let refused = |path: &Path| Deliveries::open(path).err().expect("refused").to_string();
    std::fs::write(
        &path,
        "no database, but long enough to be looked at as one, which takes a hundred bytes or so: here",
    )
    .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(refused(&path).contains("webhooks.db"), "{}", refused(&path));
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs(a)").unwrap();
    drop(other);
    assert!(refused(&path).contains("something else"), "{}", refused(&path));

    std::fs::remove_file(&path).unwrap();
    drop(Deliveries::open(&path).unwrap());
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 5).unwrap();
    drop(newer);
    assert!(refused(&path).contains("its version is 5"), "{}", refused(&path));
    assert!(Deliveries::open_existing(&folder.path().join("none.db")).unwrap().is_none());
}

mod lost;
