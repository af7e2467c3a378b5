//! Another program that reads the databases of a running server, as any of SQLite's does: it must not take itself for the last.

use std::fs;

use rusqlite::Connection;

use crate::house::{Folder, Server, done};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_beside_a_server_leaves_it_its_log_whether_it_was_started_once_or_again() {
    let folder = Folder::new("beside");
    let data = folder.path("data");
    for start in 0..3 {
        let server = Server::start(&data).await;
        server.backend.create_live(&format!("before-{start}"), "ada").await.unwrap();
        for name in ["costage.db", "webhooks.db"] {
            let other = Connection::open(format!("{data}/{name}")).unwrap();
            let tables: i64 = other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
            assert!(tables > 0);
            other.close().unwrap();
            assert!(fs::metadata(format!("{data}/{name}-wal")).unwrap().len() > 0, "start {start}: {name} has no log");
        }
        server.backend.create_live(&format!("after-{start}"), "ada").await.unwrap();
        // As a server ends, or as it does not.
        if start == 0 { server.end() } else { server.kill() }
    }
    let server = Server::start(&data).await;
    let lives = server.get("/v1/lives").await;
    assert_eq!(lives["lives"].as_array().unwrap().len(), 6, "{lives}");
    server.end();
    done(&["ledger", "verify", "--data", &data]);
}
