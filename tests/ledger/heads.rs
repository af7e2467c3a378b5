//! The file beside the database that says how far a server has got: without it a server starts, and says what that means.

use std::fs;
use std::path::Path;

use crate::house::{Folder, Server};
use crate::play;

/// What becomes of the file.
type Spoil = fn(&Path);

/// What the log says where nothing was noted.
const NOTHING: &str = "nothing says how far the database had got";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_missing_or_empty_or_goes_while_the_server_runs_is_warned_of_with_what_it_means() {
    let folder = Folder::new("heads");
    let (data, log, head) = (folder.path("data"), folder.path("log"), folder.path("data/costage.head"));
    let server = Server::start_logged(&data, &log).await;
    let battle = play(&server).await;
    server.kill();
    let spoils: [(Spoil, Option<&str>); 4] = [
        (|head| fs::remove_file(head).unwrap(), Some("it is not there")),
        (|head| fs::write(head, "").unwrap(), Some("it is empty")),
        (|head| fs::write(head, [0; 128]).unwrap(), Some("it is empty")),
        (|_| (), None),
    ];
    let said = || fs::read_to_string(&log).unwrap();
    assert!(!said().contains(NOTHING), "a new directory has nothing to say: {}", said());
    for (spoil, wanted) in spoils {
        spoil(head.as_ref());
        Server::start_logged(&data, &log).await.kill();
        let said = said();
        let Some(wanted) = wanted else {
            assert!(!said.contains(NOTHING), "{said}");
            continue;
        };
        let line = said.lines().find(|line| line.contains(NOTHING)).unwrap_or_else(|| panic!("no warning: {said}"));
        for word in ["WARN", &*head, wanted, "would be missing unseen", "verify --head"] {
            assert!(line.contains(word), "{word:?} is not in: {line}");
        }
    }
    let server = Server::start_logged(&data, &log).await;
    fs::remove_file(&head).unwrap();
    server.backend.add_score(&battle, "bob", 1, "without a head").await.unwrap();
    assert!(fs::read_to_string(&head).unwrap().starts_with("00000000000000000006:"));
    let said = said();
    assert!(said.lines().any(|line| line.contains("written anew") && line.contains(&head)), "{said}");
}
