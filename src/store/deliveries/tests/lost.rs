//! A file, or its log, that is gone, cut, changed or another one's: refused by name, and left as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::*;

const NAMES: [&str; 3] = ["webhooks.db", "webhooks.db-wal", "webhooks.head"];

/// What a killed server leaves: a file, its log, and what was noted; two endpoints, and dead letters of the first.
fn killed(letters: u64) -> Folder {
    let (alive, dead) = (Folder::new("alive"), Folder::new("killed"));
    let log = Deliveries::open(&alive.path().join("webhooks.db")).unwrap();
    let names = ["crm", "erp"].map(str::to_owned);
    log.begin_all(&names, STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
    let letters: Vec<_> = (1..=letters).map(|seq| letter("crm", seq)).collect();
    log.bury("crm", 3, &letters).unwrap();
    for name in NAMES {
        fs::copy(alive.path().join(name), dead.path().join(name)).unwrap();
    }
    dead
}

fn files(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().path();
    let paths = fs::read_dir(folder.path()).unwrap().map(file);
    // But for what SQLite shares between processes and makes anew, and a log without commits.
    let kept = paths.filter(|path| path.extension().is_none_or(|tail| tail != "db-shm"));
    kept.map(|path| (path.clone(), fs::read(&path).unwrap())).filter(|(_, bytes)| !bytes.is_empty()).collect()
}

#[track_caller]
fn refused(folder: &Folder, why: &str) -> String {
    let before = files(folder);
    let audited = audit(&folder.path().join(NAMES[0])).err().unwrap_or_else(|| panic!("whole: {why}"));
    let said = Deliveries::open(&folder.path().join(NAMES[0])).err().unwrap_or_else(|| panic!("opened: {why}"));
    assert_eq!(said, audited);
    let after = files(folder);
    assert!(after.keys().eq(before.keys()), "{why}: {:?} instead of {:?}", after.keys(), before.keys());
    assert!(after == before, "written to: {why}");
    said.to_string()
}

#[test]
fn what_a_killed_server_left_is_gone_on_from() {
    let folder = killed(3);
    audit(&folder.path().join(NAMES[0])).unwrap();
    let log = Deliveries::open(&folder.path().join(NAMES[0])).unwrap();
    let standings = log.standings().unwrap();
    assert_eq!(standings.iter().map(|it| (it.cursor, it.dead)).collect::<Vec<_>>(), [(3, 3), (0, 0)]);
    drop(log);
    assert_eq!(
        fs::metadata(folder.path().join(NAMES[1])).map(|log| log.len()).unwrap_or(0),
        0,
        "all is in the one file"
    );
    assert_eq!(Deliveries::open(&folder.path().join("webhooks.db")).unwrap().standings().unwrap(), standings);
}

#[test]
fn a_log_that_is_gone_cut_changed_or_another_ones_is_refused() {
    let whole = fs::read(killed(3).path().join(NAMES[1])).unwrap();
    let mut changed = whole.clone();
    // In the last commit: a frame's page follows its head of 24 bytes.
    let at = changed.len() - 2_000;
    changed[at] ^= 4;
    let logs: [(&str, Option<Vec<u8>>, &str); 6] = [
        ("gone", None, "not there"),
        ("empty", Some(Vec::new()), "lacks"),
        ("cut", Some(whole[..whole.len() - 4_120].to_vec()), "lacks 1 of the 2 commits"),
        ("changed", Some(changed), "lacks 1 of the 2 commits"),
        ("no log", Some(b"these are somebody's notes, and no log at all".to_vec()), "no write-ahead log"),
        ("another's", Some(fs::read(killed(1).path().join(NAMES[1])).unwrap()), "another file"),
    ];
    for (why, log, wanted) in logs {
        let folder = killed(3);
        let path = folder.path().join(NAMES[1]);
        match log {
            Some(log) => fs::write(path, log).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let said = refused(&folder, why);
        assert!(said.contains("webhooks.db"), "{why}: {said}");
        // Without its log the file may be less than whole, which is said as well.
        assert!(said.contains(wanted) || said.contains("was cut") || said.contains("lacks"), "{why}: {said}");
    }
}

#[test]
fn a_log_that_lacks_only_what_is_told_again_is_gone_on_from() {
    let alive = Folder::new("settled");
    let log = Deliveries::open(&alive.path().join(NAMES[0])).unwrap();
    log.begin_all(&["crm".to_owned()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
    let begun = fs::read(alive.path().join(NAMES[1])).unwrap();
    log.settle("crm", 9, 9).unwrap();
    let folder = Folder::new("power-cut");
    for name in NAMES {
        fs::copy(alive.path().join(name), folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join(NAMES[1]), begun).unwrap();
    assert_eq!(Deliveries::open(&folder.path().join(NAMES[0])).unwrap().standings().unwrap()[0].cursor, 0);
}

#[test]
fn a_file_that_is_gone_empty_or_an_earlier_one_is_refused_until_its_note_is_removed() {
    let ended = |letters| {
        let folder = killed(letters);
        drop(Deliveries::open(&folder.path().join(NAMES[0])).unwrap());
        folder
    };
    let earlier = {
        let folder = ended(0);
        let earlier = fs::read(folder.path().join(NAMES[0])).unwrap();
        Deliveries::open(&folder.path().join(NAMES[0])).unwrap().bury("crm", 4, &[letter("crm", 4)]).unwrap();
        fs::write(folder.path().join(NAMES[0]), earlier).unwrap();
        folder
    };
    let said = refused(&earlier, "earlier");
    assert!(said.contains("lacks 1 of the 3 commits") && said.contains("remove webhooks.head"), "{said}");
    let emptied = ended(3);
    fs::write(emptied.path().join(NAMES[0]), "").unwrap();
    let said = refused(&emptied, "emptied");
    assert!(said.contains("it is empty") && said.contains("put a copy of the file back"), "{said}");
    let gone = ended(3);
    fs::remove_file(gone.path().join(NAMES[0])).unwrap();
    let said = refused(&gone, "gone");
    assert!(said.contains("it is not there") && said.contains("webhooks.head says that there was one"), "{said}");
    let other = ended(3);
    fs::copy(ended(2).path().join(NAMES[0]), other.path().join(NAMES[0])).unwrap();
    assert!(refused(&other, "another").contains("another file"));
    let unread = ended(3);
    fs::write(unread.path().join(NAMES[2]), "noted").unwrap();
    assert!(refused(&unread, "unread").contains("webhooks.head: it is not as a server wrote it"));
    for folder in [earlier, emptied, gone, other, unread] {
        fs::remove_file(folder.path().join(NAMES[2])).unwrap();
        drop(Deliveries::open(&folder.path().join(NAMES[0])).unwrap());
    }
    // Of a log alone nothing is made either.
    let orphan = killed(3);
    [NAMES[0], NAMES[2]].iter().for_each(|name| fs::remove_file(orphan.path().join(name)).unwrap());
    assert!(refused(&orphan, "orphan").contains("webhooks.db-wal holds commits of it"));
}

#[test]
fn a_row_that_is_missing_or_another_ones_is_refused() {
    let changes = [
        ("DELETE FROM letters WHERE id = 'msg_2'", "it has 2 dead letters instead of 3"),
        ("DELETE FROM letters", "it has 0 dead letters instead of 3"),
        ("UPDATE letters SET print = print + 1 WHERE id = 'msg_2'", "one of its dead letters is not the one"),
        ("DELETE FROM endpoints WHERE name = 'erp'", "it has 1 endpoints instead of 2"),
        ("UPDATE endpoints SET print = NULL WHERE name = 'erp'", "one of its endpoints is not the one"),
        ("UPDATE head SET durable = 9", "its head is not as it was written"),
        ("UPDATE head SET letters = 0", "its head is not as it was written"),
        ("DELETE FROM head", "no rows"),
    ];
    for (sql, wanted) in changes {
        let folder = killed(3);
        let path = folder.path().join(NAMES[0]);
        drop(Deliveries::open(&path).unwrap());
        let db = Connection::open(&path).unwrap();
        db.execute_batch(sql).unwrap();
        db.close().unwrap();
        let said = refused(&folder, sql);
        assert!(said.contains("webhooks.db") && said.contains(wanted), "{sql}: {said}");
    }
}

#[test]
fn nothing_is_written_while_the_file_or_its_log_is_not_where_it_was() {
    for name in &NAMES[..2] {
        let folder = Folder::new("displaced");
        let (file, away) = (folder.path().join(name), folder.path().join("away"));
        let log = Deliveries::open(&folder.path().join(NAMES[0])).unwrap();
        log.begin_all(&["crm".to_owned()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
        fs::rename(&file, &away).unwrap();
        let said = log.bury("crm", 1, &[letter("crm", 1)]).unwrap_err().to_string();
        assert!(said.contains(name) && said.contains("was removed or replaced"), "{said}");
        fs::rename(&away, &file).unwrap();
        log.bury("crm", 1, &[letter("crm", 1)]).unwrap();
        assert_eq!(log.standings().unwrap()[0].dead, 1);
        if *name == NAMES[0] {
            fs::rename(&file, &away).unwrap();
            drop(log);
            let rescued = folder.path().join("webhooks.db.rescued-2");
            assert_eq!(Deliveries::open(&rescued).unwrap().standings().unwrap()[0].dead, 1);
        }
    }
}

#[test]
fn what_was_written_over_or_cut_where_it_is_is_not_written_to_again() {
    for (name, bytes) in [("webhooks.db", b"these are somebody's notes".to_vec()), ("webhooks.db-wal", Vec::new())] {
        let folder = Folder::new("over");
        let path = folder.path().join(NAMES[0]);
        let log = Deliveries::open(&path).unwrap();
        log.begin_all(&["crm".to_owned()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
        fs::write(folder.path().join(name), &bytes).unwrap();
        let before = files(&folder);
        for seq in 1..3 {
            let said = log.bury("crm", seq, &[letter("crm", seq)]).unwrap_err().to_string();
            assert!(said.contains(&format!("{name} was cut or written over")), "{said}");
        }
        drop(log);
        assert!(files(&folder) == before, "{name}: written to");
        assert!(Deliveries::open(&path).is_err(), "{name}");
    }
}

#[test]
fn no_letter_is_buried_over_one_that_was_gone_back_behind() {
    use std::os::unix::fs::FileExt as _;
    let all = [NAMES[0], NAMES[1], "webhooks.db-shm", NAMES[2]];
    for names in [2..3, 1..3, 0..3, 0..4, 1..4] {
        let folder = Folder::new("back");
        let path = folder.path().join(NAMES[0]);
        let log = Deliveries::open(&path).unwrap();
        log.begin_all(&["crm".to_owned()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
        log.bury("crm", 1, &[letter("crm", 1)]).unwrap();
        let earlier = all[names.clone()]
            .iter()
            .map(|name| (folder.path().join(name), fs::read(folder.path().join(name)).unwrap()));
        let earlier: Vec<_> = earlier.collect();
        log.bury("crm", 2, &[letter("crm", 2)]).unwrap();
        for (file, bytes) in &earlier {
            let file = fs::File::options().write(true).open(file).unwrap();
            file.write_all_at(bytes, 0).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
        }
        for seq in 3..5 {
            let said = log.bury("crm", seq, &[letter("crm", seq)]).unwrap_err().to_string();
            assert!(said.contains("until the server is started again"), "{names:?}: {said}");
        }
        drop(log);
        let dead = Deliveries::open(&path).map(|log| log.standings().unwrap()[0].dead);
        assert!(dead.as_ref().is_ok_and(|dead| *dead == 2) || dead.is_err(), "{names:?}: {dead:?}");
    }
}

#[test]
fn an_earlier_copy_is_noticed_though_a_checkpoint_was_made_since_the_last_letter() {
    let folder = Folder::new("between");
    let path = folder.path().join(NAMES[0]);
    let log = Deliveries::open(&path).unwrap();
    log.begin_all(&["crm".to_owned()], STORE, OutboxEnds { settled: 0, head: 0 }).unwrap();
    let is_brought_in = || {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        let (log, done) = log.read(|connection| connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], read)).unwrap();
        log >= 1_000 && done == log
    };
    let (mut seq, mut copies) = (0, Vec::new());
    // Each ends with the letter whose commit brings the log into the file.
    for _ in 0..2 {
        loop {
            seq += 1;
            log.bury("crm", seq, &[letter("crm", seq)]).unwrap();
            if is_brought_in() {
                break;
            }
        }
        copies.push(fs::read(&path).unwrap());
    }
    fs::write(&path, &copies[0]).unwrap();
    for later in [seq + 1, seq + 2] {
        let said = log.bury("crm", later, &[letter("crm", later)]).unwrap_err().to_string();
        assert!(said.contains("webhooks.db was cut or written over"), "{said}");
    }
    drop(log);
    let dead = Deliveries::open(&path).map(|log| log.standings().unwrap()[0].dead);
    assert!(dead.as_ref().is_ok_and(|dead| *dead == seq) || dead.is_err(), "{dead:?} of {seq}");
}

#[test]
fn what_is_removed_or_forgotten_is_missed_by_nobody() {
    let folder = killed(3);
    let path = folder.path().join(NAMES[0]);
    let open = || Deliveries::open(&path).unwrap();
    open().want(&Which::default()).unwrap();
    open().revived("crm", "msg_2").unwrap();
    open().bury("crm", 4, &[letter("crm", 3), letter("crm", 4)]).unwrap();
    open().give_up("crm", "msg_1", 2, "status 410").unwrap();
    open().begin("new", STORE, 4).unwrap();
    let ids =
        |log: &Deliveries| log.dead(&Which::default(), 9).unwrap().into_iter().map(|it| it.row.seq).collect::<Vec<_>>();
    assert_eq!(ids(&open()), [1, 3, 4]);
}
