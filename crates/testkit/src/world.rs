//! A small shard in memory that commands are put to, one after the other, without engine, store or HTTP: for stories and for measuring rules. The laws
//! are checked after every command.

mod set_up;

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::command::{Command, Done, OrderCommand, Reply, Stop, plan};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::{Client, Permission, Role, Scopes, Subject};
use aforo_domain::ids::{ChannelId, FamilyId, PointOfSaleId, SeatId, SessionId, TerminalId, UserId};
use aforo_domain::laws::Laws;
use aforo_domain::moment::{Moment, Timestamp};
use aforo_domain::orders::Order;
use aforo_domain::world::World;

pub use set_up::*;

/// A shard: what is in memory, and what would be in the tables.
#[derive(Debug)]
pub struct Shard {
    /// What rules read.
    pub world: World,
    /// The engine's time.
    pub now: Timestamp,
    /// Whether laws are checked after every command. They read every row: not for large worlds.
    pub check_laws: bool,
    rows: BTreeMap<Key, Row>,
    steps: u64,
}

impl Shard {
    /// The moment of the next command.
    pub fn moment(&self) -> Moment {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&(self.steps + 1).to_le_bytes());
        let moment = Moment { now: self.now, seed, order_code: None };
        // From another stream than the command's own draws.
        seed[31] = 1;
        let code = Moment { seed, ..moment }.draw().order_code();
        Moment { order_code: Some(code), ..moment }
    }

    /// Puts a command: its reply, or why not. What has to be loaded is looked for in the rows.
    ///
    /// # Panics
    /// If a law does not hold afterwards, or if a refusal changed something.
    pub fn run(&mut self, actor: &Actor, command: &Command) -> Result<Reply, Error> {
        let moment = self.moment();
        self.steps += 1;
        for _round in 0..8 {
            match plan(&self.world, &moment, actor, command) {
                Ok(Done { changes, reply }) => {
                    self.apply(changes);
                    return Ok(reply);
                }
                Err(Stop::Refused { error, effects }) => {
                    effects.into_iter().for_each(|effect| self.apply(effect.into_changes()));
                    return Err(*error);
                }
                Err(Stop::Need(keys)) => keys.into_iter().for_each(|key| self.load(key)),
                Err(Stop::NeedLists(sessions)) => sessions.into_iter().for_each(|session| self.load_list(session)),
                Err(Stop::NeedOrderCode) => panic!("the moment has a code"),
            }
        }
        panic!("eight rounds of loading for {command:?}");
    }

    fn load(&mut self, key: Key) {
        match self.rows.get(&key) {
            Some(row) => self.world.apply(&Change::Put(row.clone()), self.steps),
            None => self.world.note_absent(key),
        }
    }

    fn load_list(&mut self, session: SessionId) {
        let of = |row: &&Row| match row {
            Row::Ticket(row) => row.session == session,
            Row::Admission(row) => row.session == session,
            Row::Revocation(row) => row.session == session,
            Row::GateTally(row) => row.session == session,
            _ => false,
        };
        let rows: Vec<_> = self.rows.values().filter(of).cloned().collect();
        self.world.expect_list(session);
        self.world.fill_list(session, &rows, self.steps);
    }

    /// Puts changes in force.
    pub fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.world.apply(&change, self.steps);
            match change {
                Change::Put(row) => drop(self.rows.insert(row.key(), row)),
                Change::Delete(key) => drop(self.rows.remove(&key)),
                Change::ForgetOutcomes(_) => {}
            }
        }
        if self.check_laws {
            let mut laws = Laws::default();
            self.rows.values().for_each(|row| laws.see(row));
            let breaches = laws.check();
            assert!(breaches.is_empty(), "{breaches:?}");
        }
    }

    /// Puts a row in force, as management would.
    pub fn put(&mut self, row: impl Into<Row>) {
        self.apply(vec![Change::Put(row.into())]);
    }

    /// Puts an order's command: the order as it is then.
    ///
    /// # Errors
    /// What it is refused with.
    pub fn try_order(&mut self, actor: &Actor, command: OrderCommand) -> Result<Arc<Order>, Error> {
        match self.run(actor, &Command::Order(command))? {
            Reply::Order(order) => Ok(order),
            other => panic!("{other:?} is no order"),
        }
    }

    /// Puts an order's command that must succeed.
    #[track_caller]
    pub fn order(&mut self, actor: &Actor, command: OrderCommand) -> Arc<Order> {
        self.try_order(actor, command).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Puts an order's command that must be refused.
    #[track_caller]
    pub fn refused(&mut self, actor: &Actor, command: OrderCommand) -> Code {
        match self.run(actor, &Command::Order(command)) {
            Err(error) => error.code,
            Ok(reply) => panic!("not refused: {reply:?}"),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
    }

    /// What the engine does when time has passed.
    pub fn tick(&mut self) {
        self.run(&Actor::System, &Command::Tick { limit: 256 }).unwrap_or_else(|error| panic!("{error}"));
    }

    /// The same shard as it would be loaded after a crash: from the rows alone.
    pub fn recovered(&self) -> World {
        let mut world = World::new(self.world.shard);
        // Rows go in as a store reads them: each after those it refers to.
        let of_table = |table: fn(&Row) -> bool| self.rows.values().filter(move |row| table(row));
        let referred = |row: &Row| matches!(row, Row::Sector(_) | Row::Venue(_) | Row::Event(_));
        for row in of_table(referred).chain(of_table(|row| matches!(row, Row::Template(_)))) {
            world.apply(&Change::Put(row.clone()), 0);
        }
        let later = |row: &Row| !matches!(row, Row::Sector(_) | Row::Venue(_) | Row::Event(_) | Row::Template(_) | Row::Session(_));
        for row in of_table(|row| matches!(row, Row::Session(_))).chain(of_table(later)) {
            world.apply(&Change::Put(row.clone()), 0);
        }
        world.loaded();
        world
    }

    /// A channel that signed in with its key.
    pub fn channel(id: ChannelId) -> Actor {
        caller(Subject { client: Client::SellerChannel, channel: Some(id), ..nobody() })
    }

    /// A person at the counter of a box office.
    pub fn at_counter(&mut self, channel: ChannelId, permissions: &[Permission]) -> Actor {
        let user = UserId(500 + self.steps);
        self.put(Arc::new(person(user, &[Role::Seller], permissions)));
        let (terminal, point_of_sale) = (Some(TerminalId(1)), Some(PointOfSaleId(1)));
        caller(Subject { client: Client::BoxOffice, channel: Some(channel), user: Some(user), terminal, point_of_sale, ..nobody() })
    }

    /// How the places of a session stand, as text: `.` free, `h` held, `X` sold, `#` blocked.
    pub fn places(&self, session: SessionId) -> String {
        places(&self.world, session)
    }

    /// The id of the nth seat of the stalls.
    pub fn seat(nth: u64) -> SeatId {
        SeatId(1_000 + nth)
    }
}

/// How the places of a session stand in a world.
pub fn places(world: &World, session: SessionId) -> String {
    use aforo_domain::inventory::PlaceState;
    let (offer, inventory) = world.session(session).expect("the session is there");
    let mark = |place| match inventory.state(place) {
        PlaceState::Free => '.',
        PlaceState::Held => 'h',
        PlaceState::Sold => 'X',
        PlaceState::Blocked => '#',
    };
    (0..offer.plan.places()).map(mark).collect()
}

fn nobody() -> Subject {
    Subject {
        shard: SHARD,
        client: Client::Management,
        scopes: Scopes::BOX_OFFICE,
        key: None,
        channel: None,
        entity: None,
        user: None,
        terminal: None,
        point_of_sale: None,
    }
}

fn caller(subject: Subject) -> Actor {
    let family = FamilyId([subject.channel.map_or(0, |channel| channel.0 as u8); 16]);
    Actor::Token(Arc::new(Bearer { subject: Arc::new(subject), family, expires: Timestamp(i64::MAX) }))
}
