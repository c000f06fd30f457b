//! A node at work: it takes connections and carries out what gets through to it.

use std::sync::Arc;

use redis::Value;

use super::connection::{Answer, Id, Payload};
use super::state::State;
use super::traffic::Work;
use crate::error::Result;
use crate::{Backend, Incarnation, Messages, Topic};

/// What a node has done.
pub(super) enum Done {
    Opened(Result<(Arc<dyn Backend>, Incarnation)>, Vec<(Topic, Messages)>),
    Carried { request: u64, answer: Answer, listens: Option<(Topic, Messages)> },
    Fenced { request: u64, lost: Vec<Id> },
}

/// Lets the node do it.
pub(super) async fn perform(work: Work) -> Done {
    match work {
        Work::Open { store, topics, is_session } => {
            let opened = open(&store).await;
            let mut heard = Vec::new();
            for topic in topics {
                heard.extend(hear(&store, topic).await.ok());
            }
            if let (true, Ok((session, _))) = (is_session, &opened) {
                heard.extend(hear(&**session, Topic::Invalidations).await.ok());
            }
            Done::Opened(opened, heard)
        }
        Work::Carry { request, server, store, payload } => match payload {
            Payload::Call(command) => {
                let answer = Answer::Call(server.call(&command).await);
                Done::Carried { request, answer, listens: None }
            }
            Payload::Batch(batch) => {
                let answer = Answer::Batch(server.call_batch(&batch).await);
                Done::Carried { request, answer, listens: None }
            }
            Payload::Fence(lost) => Done::Fenced { request, lost },
            Payload::Listen(topic) => {
                let (answer, listens) = match hear(&store, topic).await {
                    Ok(heard) => (Ok(()), Some(heard)),
                    Err(error) => (Err(error), None),
                };
                Done::Carried { request, answer: Answer::Listen(answer), listens }
            }
        },
    }
}

async fn hear(backend: &dyn Backend, topic: Topic) -> Result<(Topic, Messages)> {
    let messages = backend.subscribe(std::slice::from_ref(&topic)).await?;
    Ok((topic, messages))
}

async fn open(backend: &dyn Backend) -> Result<(Arc<dyn Backend>, Incarnation)> {
    let incarnation = backend.identify().await?;
    Ok((backend.session(None).await?, incarnation))
}

impl State {
    /// The node has done it. Returns what is to be listened to from now on.
    pub(super) fn on_done(&mut self, id: Id, done: Done) -> Vec<Messages> {
        let heard = match done {
            Done::Opened(opened, heard) => {
                self.on_opened(id, opened);
                heard
            }
            Done::Carried { request, answer, listens } => {
                self.on_carried(id, request, answer);
                listens.into_iter().collect()
            }
            Done::Fenced { request, lost } => {
                self.end_at_node(&lost);
                self.on_carried(id, request, Answer::Call(Ok(Value::Okay)));
                Vec::new()
            }
        };
        let Some(connection) = self.connections.get_mut(&id) else { return Vec::new() };
        // A topic is heard once, however often it was asked for; and not at all once the connection is gone.
        let is_new = |connection: &mut super::connection::Connection, topic: Topic| {
            let is_new = connection.server.is_some() && !connection.listened.contains(&topic);
            if is_new {
                connection.listened.push(topic);
            }
            is_new
        };
        heard.into_iter().filter_map(|(topic, heard)| is_new(connection, topic).then_some(heard)).collect()
    }
}
