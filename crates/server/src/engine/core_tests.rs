//! The state machine without a store: what waits for what, who is refused, and that nobody starves.

use aforo_domain::change::{Change, Counter, CounterKey, Key, Row};
use aforo_domain::command::{Command, Done, OrderCommand, Planned, Reply, Stop};
use aforo_domain::error::Code;
use aforo_domain::idempotency::Claim;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{ChannelId, Hash, OrderId, SessionId, ShardId};
use aforo_domain::moment::{Moment, Timestamp};
use aforo_domain::world::World;

use super::core::{Core, Event, Input, Limits, NotLoaded, Output};
use super::recovery::Standing;
use super::{Answer, Request, payload};
use crate::store::{AppendError, ApplyBatch, JournalRow, Loaded, StoreError};

const ONE: ShardId = ShardId(1);
const TWO: ShardId = ShardId(2);
const NOW: Timestamp = Timestamp(1_900_000_000_000_000);

/// What a command does here is the first byte of the order it names.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Does {
    Nothing,
    Counts,
    Panics,
    LooksForRows,
    NeedsACode,
    Refuses,
}

fn plan(_world: &World, moment: &Moment, _actor: &Actor, command: &Command) -> Planned {
    let Command::Order(OrderCommand::Read(id)) = command else { return Ok(Done { changes: Vec::new(), reply: Reply::Done }) };
    let counter = Counter { key: CounterKey::ChannelSales(SessionId(1), ChannelId(1)), value: moment.now.0 };
    let changes = match id.0[0] {
        1 => vec![Change::from(Row::from(counter))],
        2 => panic!("on purpose"),
        3 => return Err(Stop::Need(vec![Key::Order(*id)])),
        4 if moment.order_code.is_none() => return Err(Stop::NeedOrderCode),
        5 => return Err(Code::OrderInvalidStatus.into()),
        _ => Vec::new(),
    };
    Ok(Done { changes, reply: Reply::Ids(vec![moment.now.0.unsigned_abs()]) })
}

struct Story {
    core: Core<u32>,
    out: Vec<Output<u32>>,
    next: u32,
}

impl Story {
    /// Both shards in service.
    fn new(limits: Limits) -> Self {
        let mut story = Self { core: Core::new(plan, limits, NOW), out: Vec::new(), next: 0 };
        for shard in [ONE, TWO] {
            story.step(Input::Open(shard));
            story.taken_over(shard, 1, 1);
        }
        story.out.clear();
        story
    }

    fn step(&mut self, input: Input<u32>) {
        self.core.step(input, &mut self.out);
    }

    fn taken_over(&mut self, shard: ShardId, epoch: u64, seq: u64) {
        let replay = ApplyBatch { shard, epoch, from: seq - 1, to: seq, now: NOW, changes: Vec::new() };
        self.step(Input::Taken { shard, result: Ok(Standing { epoch, seq, now: NOW, replay }) });
        self.step(Input::Replayed { shard, epoch, result: Ok(()) });
        self.step(Input::Populated { shard, epoch, result: Ok(Box::new(World::new(shard))) });
    }

    fn ask(&mut self, shard: ShardId, does: Does) -> u32 {
        self.ask_with(shard, does, None)
    }

    fn ask_with(&mut self, shard: ShardId, does: Does, idempotency: Option<Claim>) -> u32 {
        self.next += 1;
        let mut id = [0; 16];
        id[0] = does as u8;
        id[1..5].copy_from_slice(&self.next.to_be_bytes());
        let command = Command::Order(OrderCommand::Read(OrderId(id)));
        let request = Request { shard, actor: Actor::System, command, idempotency };
        self.step(Input::Ask { request, ticket: self.next });
        self.next
    }

    fn turn(&mut self) {
        self.step(Input::Turn { clock: NOW, seed: [1; 32] });
    }

    /// The rows that are to be appended now.
    fn append(&mut self) -> Vec<JournalRow> {
        let index = self.out.iter().position(|output| matches!(output, Output::Append { .. }));
        match index.map(|index| self.out.remove(index)) {
            Some(Output::Append { rows, .. }) => rows,
            _ => Vec::new(),
        }
    }

    fn appended(&mut self, result: Result<(), AppendError>) {
        for row in self.append() {
            self.step(Input::Appended { shard: row.shard, payload: row.payload, result: result.clone() });
        }
    }

    fn answers(&mut self) -> Vec<(u32, Answer)> {
        let outputs = std::mem::take(&mut self.out);
        let (answers, rest) = outputs.into_iter().partition(|output| matches!(output, Output::Reply { .. }));
        self.out = rest;
        let answer = |output| if let Output::Reply { ticket, answer } = output { Some((ticket, answer)) } else { None };
        Vec::into_iter(answers).filter_map(answer).collect()
    }

    fn codes(&mut self) -> Vec<(u32, Option<Code>)> {
        self.answers().into_iter().map(|(ticket, answer)| (ticket, answer.result.err().map(|error| error.code))).collect()
    }

    fn counted(&self, event: Event) -> usize {
        self.out.iter().filter(|output| matches!(output, Output::Count(counted) if *counted == event)).count()
    }
}

fn claim(key: u8, fingerprint: u8) -> Option<Claim> {
    Some(Claim { key: Hash([key; 32]), fingerprint: Hash([fingerprint; 32]) })
}

#[test]
fn an_answer_leaves_when_its_whole_batch_is_durable_and_at_once_without_images() {
    let mut story = Story::new(Limits::default());
    let read = story.ask(ONE, Does::Nothing);
    story.turn();
    assert_eq!(story.codes(), [(read, None)]);
    assert!(story.append().is_empty());

    let (read, write) = (story.ask(ONE, Does::Nothing), story.ask(ONE, Does::Counts));
    story.turn();
    assert!(story.codes().is_empty(), "the read was decided on what is not durable");
    story.appended(Ok(()));
    let order = story.out.iter().map(|output| match output {
        Output::Publish(_) => "publish",
        Output::Apply(_) => "apply",
        Output::Reply { .. } => "answer",
        _ => "other",
    });
    assert_eq!(order.collect::<Vec<_>>(), ["apply", "answer", "answer"]);
    assert_eq!(story.codes(), [(read, None), (write, None)]);
}

#[test]
fn one_operator_does_not_starve_another() {
    let mut story = Story::new(Limits::default());
    let many: Vec<_> = (0..2_000).map(|_| story.ask(ONE, Does::Counts)).collect();
    let one = story.ask(TWO, Does::Counts);
    story.turn();
    let rows = story.append();
    assert_eq!(rows.iter().map(|row| row.shard).collect::<Vec<_>>(), [ONE, TWO]);
    assert_eq!(payload::decode(&rows[0].payload).unwrap().changes.len(), 256, "half of a batch each");
    for row in rows {
        story.step(Input::Appended { shard: row.shard, payload: row.payload, result: Ok(()) });
    }
    let answered: Vec<_> = story.answers().into_iter().map(|(ticket, _)| ticket).collect();
    assert_eq!(answered, many.into_iter().take(256).chain([one]).collect::<Vec<_>>());
    story.turn();
    assert_eq!(payload::decode(&story.append()[0].payload).unwrap().changes.len(), 512, "a whole one alone");
}

#[test]
fn a_full_queue_refuses_at_once() {
    let mut story = Story::new(Limits { queue: 2, ..Limits::default() });
    let [_, _, third] = [0; 3].map(|_| story.ask(ONE, Does::Nothing));
    assert_eq!(story.codes(), [(third, Some(Code::Overloaded))]);
    let other = story.ask(ShardId(9), Does::Nothing);
    assert_eq!(story.codes(), [(other, Some(Code::NotFound))]);
}

#[test]
fn a_panic_costs_one_command() {
    let mut story = Story::new(Limits::default());
    let asked = [Does::Counts, Does::Panics, Does::Counts].map(|does| story.ask(ONE, does));
    story.turn();
    story.appended(Ok(()));
    assert_eq!(story.codes(), [(asked[0], None), (asked[1], Some(Code::Dist0000)), (asked[2], None)]);
    assert_eq!(story.counted(Event::Panicked), 1);
}

#[test]
fn rows_are_looked_for_a_bounded_number_of_times() {
    let mut story = Story::new(Limits::default());
    let asked = story.ask(ONE, Does::LooksForRows);
    for _ in 0..8 {
        story.turn();
        assert!(story.codes().is_empty());
        let Some(Output::Load { shard, epoch, load: crate::store::Load::Rows(keys), .. }) = story.out.pop() else { panic!("no search") };
        let loaded = Loaded::Rows(keys.into_iter().map(|key| (key, None)).collect());
        story.step(Input::Loaded { shard, epoch, loaded });
    }
    story.turn();
    assert_eq!(story.codes(), [(asked, Some(Code::Dist0000))]);
}

#[test]
fn a_search_that_fails_is_told_to_those_who_wait_for_it() {
    let mut story = Story::new(Limits::default());
    for (error, code) in [(NotLoaded::Busy, Code::Overloaded), (NotLoaded::Failed, Code::Dist0000)] {
        let asked = story.ask(ONE, Does::LooksForRows);
        story.turn();
        let Some(Output::Load { shard, epoch, load, .. }) = story.out.pop() else { panic!("no search") };
        story.step(Input::NotLoaded { shard, epoch, load, error });
        assert_eq!(story.codes(), [(asked, Some(code))]);
    }
}

#[test]
fn a_code_is_waited_for() {
    let mut story = Story::new(Limits::default());
    let asked = story.ask(ONE, Does::NeedsACode);
    story.turn();
    let Some(Output::Load { shard, epoch, load: crate::store::Load::FreeCodes(codes), .. }) = story.out.pop() else { panic!("no search") };
    story.step(Input::Loaded { shard, epoch, loaded: Loaded::FreeCodes(codes) });
    story.turn();
    assert_eq!(story.codes(), [(asked, None)]);
}

#[test]
fn the_engine_waits_for_an_applier_that_is_behind() {
    let mut story = Story::new(Limits { unapplied_bytes: 1, ..Limits::default() });
    story.ask(ONE, Does::Counts);
    story.turn();
    story.appended(Ok(()));
    let asked = story.ask(ONE, Does::Nothing);
    story.out.clear();
    story.turn();
    assert!(story.codes().is_empty() && !story.core.is_busy());
    story.step(Input::Applied { shard: ONE, epoch: 1, result: Ok(2) });
    story.turn();
    assert_eq!(story.codes(), [(asked, None)]);
}

#[test]
fn a_full_disk_refuses_the_batch_and_the_shard_goes_on_from_what_is_durable() {
    let mut story = Story::new(Limits::default());
    let asked = story.ask(ONE, Does::Counts);
    story.turn();
    story.appended(Err(AppendError::Full));
    assert_eq!(story.codes(), [(asked, Some(Code::Overloaded))]);
    assert!(matches!(story.out.last(), Some(Output::Take { shard: ONE, known: Some(1), .. })));

    // There is still no room for a takeover row: who waits is refused, and so is who comes.
    let waits = story.ask(ONE, Does::Counts);
    story.step(Input::Taken { shard: ONE, result: Err(super::recovery::TakeError::Before(StoreError::Full)) });
    let comes = story.ask(ONE, Does::Counts);
    assert_eq!(story.codes(), [(waits, Some(Code::Overloaded)), (comes, Some(Code::Overloaded))]);
    let other = story.ask(TWO, Does::Nothing);
    story.turn();
    assert_eq!(story.codes(), [(other, None)], "others go on");

    story.out.clear();
    story.step(Input::Turn { clock: NOW.plus_ms(1_000), seed: [1; 32] });
    assert!(matches!(story.out.last(), Some(Output::Take { shard: ONE, .. })), "it is tried again");
    story.taken_over(ONE, 2, 2);
    let asked = story.ask(ONE, Does::Nothing);
    story.turn();
    assert_eq!(story.codes(), [(asked, None)]);
}

#[test]
fn an_append_without_an_answer_is_an_error_and_what_had_not_begun_waits_for_the_new_world() {
    let mut story = Story::new(Limits { batch_commands: 1, ..Limits::default() });
    let (begun, waits) = (story.ask(ONE, Does::Counts), story.ask(ONE, Does::Nothing));
    story.turn();
    story.appended(Err(AppendError::Unknown("lost".into())));
    assert_eq!(story.codes(), [(begun, Some(Code::Dist0000))]);
    story.taken_over(ONE, 2, 3);
    story.turn();
    assert_eq!(story.codes(), [(waits, None)]);
}

#[test]
fn who_was_overtaken_stops() {
    let mut story = Story::new(Limits::default());
    story.ask(ONE, Does::Counts);
    story.turn();
    story.appended(Err(AppendError::Conflict));
    let waits = story.ask(ONE, Does::Counts);
    story.out.clear();
    story.step(Input::Taken { shard: ONE, result: Err(super::recovery::TakeError::Taken) });
    assert!(matches!(
        story.out.as_slice(),
        [.., Output::Withdraw(ONE), Output::Reply { .. }, Output::Opened { shard: ONE, result: Err(_) }]
    ));
    let comes = story.ask(ONE, Does::Nothing);
    assert_eq!(story.codes(), [(waits, Some(Code::Overloaded)), (comes, Some(Code::Overloaded))]);
}

#[test]
fn what_comes_from_an_earlier_epoch_changes_nothing() {
    let mut story = Story::new(Limits::default());
    story.ask(ONE, Does::Counts);
    story.turn();
    story.appended(Err(AppendError::Unknown("lost".into())));
    story.taken_over(ONE, 2, 3);
    story.out.clear();
    story.step(Input::Applied { shard: ONE, epoch: 1, result: Err(StoreError::Stale) });
    story.step(Input::Applied { shard: ONE, epoch: 1, result: Ok(99) });
    assert!(story.out.is_empty());
    assert_eq!(story.core.levels().lag_rows, 0);
}

#[test]
fn an_outcome_is_kept_if_the_command_earned_it() {
    let mut story = Story::new(Limits::default());
    let mut ask = |does, claim| {
        let ticket = story.ask_with(ONE, does, claim);
        story.turn();
        story.appended(Ok(()));
        let (answered, answer) = story.answers().remove(0);
        assert_eq!(answered, ticket);
        (answer.result.map_err(|error| error.code), answer.replayed)
    };
    let first = ask(Does::Counts, claim(1, 1));
    assert_eq!(ask(Does::Counts, claim(1, 1)), (first.0.clone(), true), "asked again");
    assert_eq!(ask(Does::Refuses, claim(1, 2)), (Err(Code::IdempotencyKeyReused), false), "another request");
    assert_eq!(ask(Does::Refuses, claim(2, 1)), (Err(Code::OrderInvalidStatus), false));
    assert_eq!(ask(Does::Counts, claim(2, 1)), (Err(Code::OrderInvalidStatus), true), "a refusal is kept, too");
    assert_eq!(ask(Does::Panics, claim(3, 1)), (Err(Code::Dist0000), false));
    assert!(!ask(Does::Nothing, claim(3, 1)).1, "a failure is not");
}
