//! RedPipe's own acceptance cases for pipelines, connections, tasks and futures, each as a test that names it.
#![expect(clippy::unwrap_used, reason = "set-up that fails is a failed test")]

mod redpipe {
    mod rp_conn;
    mod rp_future;
    mod rp_issue2;
    mod rp_pipe;
    mod rp_task;
    mod tables;
    mod world;
}
