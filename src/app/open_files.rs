//! How many files and sockets this process may hold open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit to the hard one: each viewer's HTTP connection and each event socket takes one, and many systems
/// begin at 1,024 for the sake of programs that use `select`, which this one does not.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
    {
        tracing::warn!(%error, current = limit.current, "the limit of open files stays as it is");
    }
}
