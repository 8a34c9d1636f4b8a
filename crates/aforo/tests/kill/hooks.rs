//! Webhooks of a shop whose server is killed over and over, with a receiver that takes, refuses, hangs and breaks off.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aforo_testkit::receiver::{Answers, Received, Receiver};
use serde_json::Value;

use crate::buyers::Ledger;

/// One that always takes what comes, one that is moody.
const PATHS: [&str; 2] = ["/fine", "/moody"];
/// How long is waited for what is left, in steps of [`STEP`].
const STEPS: usize = 900;
const STEP: Duration = Duration::from_millis(200);

/// The addresses of both.
pub fn set_up(receiver: &Receiver) -> Vec<String> {
    receiver.answer("/moody", Answers::Moody);
    PATHS.map(|path| receiver.url(path)).into()
}

/// Law 8: of every order that was sold each webhook is told, at least once and in order, and of none that was not.
pub async fn check(receiver: &Receiver, ledger: &Ledger) {
    receiver.answer("/moody", Answers::Status(200));
    for path in PATHS {
        let mut missing = HashSet::new();
        for _ in 0..STEPS {
            let told: HashSet<_> = of(&receiver.taken(path), "PURCHASE").map(|(code, _)| code).collect();
            missing = ledger.sold.iter().map(|sold| sold.code.clone()).filter(|code| !told.contains(code)).collect();
            if missing.is_empty() {
                break;
            }
            tokio::time::sleep(STEP).await;
        }
        assert!(missing.is_empty(), "{path} was never told of {missing:?}");
        let taken = receiver.taken(path);
        let sold: HashSet<_> = ledger.sold.iter().map(|sold| sold.code.as_str()).collect();
        assert!(taken.iter().all(|call| sold.contains(code(call).as_str())), "{path} was told of what was not sold");
        let mut first: HashMap<String, usize> = HashMap::new();
        for (code, at) in of(&taken, "PURCHASE") {
            first.entry(code).or_insert(at);
        }
        let early: Vec<_> = of(&taken, "UPDATE").filter(|(code, at)| first.get(code).is_none_or(|first| at < first)).collect();
        assert!(early.is_empty(), "{path} was told of changes before the sales: {early:?}");
        assert!(of(&taken, "UPDATE").next().is_some(), "{path} was told of no change: too few to say anything");
    }
}

/// What was said with an action: the order's code, and as how manieth.
fn of<'a>(calls: &'a [Received], action: &'a str) -> impl Iterator<Item = (String, usize)> + 'a {
    calls.iter().enumerate().filter(move |(_, call)| call.header("ob-action") == action).map(|(at, call)| (code(call), at))
}

fn code(call: &Received) -> String {
    let body: Value = serde_json::from_str(&call.body).unwrap();
    body["code"].as_str().unwrap().to_owned()
}
