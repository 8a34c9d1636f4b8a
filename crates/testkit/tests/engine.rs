//! The engine as the rest of the server sees it, on each store: what was answered is there after a restart, lists see the caller's own writes.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

use std::collections::BTreeSet;
use std::sync::Arc;

use aforo_domain::catalogue::manage::{CatalogueCommand, VoucherCommand};
use aforo_domain::command::{AutoRequest, Command, OrderCommand, Reply};
use aforo_domain::error::Code;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::manage::entities::NewEntity;
use aforo_domain::identity::manage::platform::{NewOperator, PlatformCommand};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::ids::{Barcode, EntityId, OrderId, ShardId};
use aforo_domain::money::Decimal;
use aforo_domain::orders::{Buyer, Order, PaymentKind, PaymentRequest};
use aforo_server::chance::Chance;
use aforo_server::clock::Clock;
use aforo_server::engine::{Handle, Request};
use aforo_server::store::sim::SimStore;
use aforo_server::store::{Store, StoreConfig, StoreError};
use aforo_testkit::postgres::fresh_database;
use aforo_testkit::sim::stage::{POOL, START, Show, Size, Stage, WEB, seller, voucher};
use tokio::runtime::Runtime;

const SHARD: ShardId = ShardId(3);

async fn system(engine: &Handle, command: IdentityCommand) -> Result<Reply, Code> {
    let request = Request { shard: SHARD, actor: Actor::System, command: Command::Identity(command), idempotency: None };
    engine.run(request).await.result.map_err(|error| error.code)
}

fn start(store: &Store) -> Handle {
    Handle::start(store, Clock::System, &Chance::System).unwrap()
}

fn operator() -> IdentityCommand {
    let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
    IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator)))
}

fn entity(name: &str) -> IdentityCommand {
    IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: name.to_owned() }))
}

/// An operator is made, and is there after a clean stop and after a crash.
async fn what_was_answered_is_there_after_a_restart(open: impl Fn() -> Result<Store, StoreError>) {
    let store = open().unwrap();
    let engine = start(&store);
    assert_eq!(system(&engine, operator()).await, Err(Code::NotFound), "nobody serves the shard yet");
    engine.open_shard(SHARD).await.unwrap();
    assert!(engine.views().shard(SHARD).is_some_and(|view| view.identity.operator.is_none()));
    system(&engine, operator()).await.unwrap();
    assert_eq!(system(&engine, entity("Opera")).await, Ok(Reply::Ids(vec![1])));
    assert!(engine.views().shard(SHARD).unwrap().identity.entities.contains_key(&EntityId(1)), "readers see what was answered");
    engine.settled(SHARD).await.unwrap();
    let stand = engine.position(SHARD).unwrap();
    assert_eq!(stand.applied, stand.committed);
    engine.stop().await;
    assert_eq!(system(&engine, entity("Late")).await, Err(Code::Overloaded));
    drop((engine, store));

    let store = open().unwrap();
    let engine = start(&store);
    assert_eq!(system(&engine, entity("Stadium")).await, Ok(Reply::Ids(vec![2])));
    // No stop: the applier may not have come so far.
    drop((engine, store));
    let store = reopen(&open).await;
    let engine = start(&store);
    assert_eq!(engine.views().shard(SHARD).unwrap().identity.entities.len(), 2);
    engine.stop().await;
}

/// Threads of an engine that was dropped let go of the store a moment later.
async fn reopen(open: &impl Fn() -> Result<Store, StoreError>) -> Store {
    for _ in 0..1_000 {
        match open() {
            Err(StoreError::InUse(_)) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            other => return other.unwrap(),
        }
    }
    panic!("the store is still in use")
}

#[tokio::test]
async fn a_restart_on_the_simulated_store() {
    let sim = SimStore::new(false);
    what_was_answered_is_there_after_a_restart(|| Ok(Store::Sim(sim.clone()))).await;
}

#[tokio::test]
async fn a_restart_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    what_was_answered_is_there_after_a_restart(|| Store::open(&StoreConfig::Sqlite { dir: dir.path().into() })).await;
}

#[tokio::test]
async fn a_restart_on_postgres() {
    let database = fresh_database().await;
    let open = || std::thread::scope(|scope| scope.spawn(|| Store::open(&StoreConfig::Postgres { url: database.url() })).join());
    what_was_answered_is_there_after_a_restart(|| open().unwrap()).await;
}

/// Two servers on one database: the one that came later has the shard, the older one stops as soon as it would write.
async fn the_older_of_two_servers_stops(store: Store) {
    let older = start(&store);
    older.open_shard(SHARD).await.unwrap();
    system(&older, operator()).await.unwrap();
    system(&older, entity("Opera")).await.unwrap();

    let younger = start(&store);
    assert_eq!(system(&younger, entity("Stadium")).await, Ok(Reply::Ids(vec![2])), "it knows what the older one was told");
    // Its applier or its journal notices first.
    let refused = system(&older, entity("Lost")).await;
    assert!(matches!(refused, Err(Code::Dist0000 | Code::Overloaded)), "{refused:?}");
    let gone = async {
        while system(&older, entity("Lost")).await != Err(Code::Overloaded) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    assert!(older.views().shard(SHARD).is_none(), "it shows nothing any more");
    assert_eq!(older.open_shard(SHARD).await.map_err(|error| error.code), Err(Code::Overloaded));

    assert_eq!(system(&younger, entity("Arena")).await, Ok(Reply::Ids(vec![3])), "the younger one goes on");
    older.stop().await;
    younger.stop().await;
    let again = start(&store);
    let names: BTreeSet<_> = again.views().shard(SHARD).unwrap().identity.entities.values().map(|entity| entity.name.clone()).collect();
    assert_eq!(names, ["Arena", "Opera", "Stadium"].map(str::to_owned).into());
    again.stop().await;
}

#[tokio::test]
async fn the_older_of_two_servers_stops_on_the_simulated_store() {
    the_older_of_two_servers_stops(Store::Sim(SimStore::new(true))).await;
}

#[tokio::test]
async fn the_older_of_two_servers_stops_on_postgres() {
    let database = fresh_database().await;
    let url = database.url();
    let open = tokio::task::spawn_blocking(move || Store::open(&StoreConfig::Postgres { url }).unwrap());
    the_older_of_two_servers_stops(open.await.unwrap()).await;
}

/// An engine, and somebody to ask it from outside any runtime.
struct House {
    runtime: Runtime,
    engine: Handle,
}

impl House {
    fn start(runtime: Runtime, store: &Store) -> Self {
        Self { engine: Handle::start(store, Clock::fixed(START), &Chance::System).unwrap(), runtime }
    }

    fn ask(&self, actor: Actor, command: Command) -> Reply {
        let request = Request { shard: SHARD, actor, command, idempotency: None };
        self.runtime.block_on(self.engine.run(request)).result.unwrap()
    }

    fn order(&self, command: OrderCommand) -> Arc<Order> {
        match self.ask(seller(WEB, 1), Command::Order(command)) {
            Reply::Order(order) => order,
            other => panic!("{other:?}"),
        }
    }

    /// So many places on the floor, pre-confirmed, and a voucher to pay with.
    fn waiting(&self, show: &Show, quantity: u32) -> Arc<Order> {
        let id = self.order(OrderCommand::Create { language: None }).id;
        let [_, price_type] = show.price_types;
        let wish = AutoRequest { session: show.id, price_type, sector: None, quantity, rate: None, together: false, presale: None };
        self.order(OrderCommand::AddAuto(id, wish));
        self.order(OrderCommand::AddVoucher(id, voucher(0).1));
        self.order(OrderCommand::SetBuyer(id, Arc::new(Buyer { email: "ana@example.org".to_owned(), ..Buyer::default() })));
        self.order(OrderCommand::PreConfirm(id))
    }

    /// Pays: the tickets' barcodes.
    fn paid(&self, id: OrderId) -> Vec<String> {
        let order = self.order(OrderCommand::Read(id));
        let amount = Decimal::parse(&order.currency.show_amount(order.totals().to_pay())).unwrap();
        let sold = self.order(OrderCommand::Confirm(id, vec![PaymentRequest { kind: PaymentKind::Card, amount, reference: None }]));
        sold.items.iter().map(|item| item.barcode.as_ref().unwrap().to_string()).collect()
    }

    /// What is on the voucher, and what of it is reserved.
    fn voucher(&self) -> (i64, i64) {
        let read = CatalogueCommand::Vouchers(VoucherCommand::Read(voucher(0).0));
        match self.ask(Actor::System, Command::Catalogue(read)) {
            Reply::Voucher(voucher) => (voucher.balance, voucher.reserved),
            other => panic!("{other:?}"),
        }
    }

    /// How many of a show's barcodes are free, reserved and used.
    fn pool(&self, show: &Show) -> [u64; 3] {
        match self.ask(Actor::System, Command::Catalogue(CatalogueCommand::ReadBarcodes(show.id, 0, 1))) {
            Reply::Pool(page) => [page.free, page.reserved, page.used],
            other => panic!("{other:?}"),
        }
    }
}

/// What pre-confirm reserved, barcodes of a pool and a part of a voucher, is still the order's, and what is used stays known.
fn what_is_reserved_is_the_same_after_a_restart(runtime: Runtime, open: impl Fn() -> Result<Store, StoreError>) {
    let store = open().unwrap();
    let house = House::start(runtime, &store);
    house.runtime.block_on(house.engine.open_shard(SHARD)).unwrap();
    let stage = Stage::set_up(Size { rows: 1, seats: 4, floor: 30 }, &mut |command| house.ask(Actor::System, command));
    let show = stage.shows.last().unwrap();
    let sold = house.waiting(show, 1).id;
    let kept = house.waiting(show, 3);
    let (kept, price) = (kept.id, kept.totals().vouchers);
    assert_eq!(house.paid(sold), ["841-00"]);
    let (left, reserved) = house.voucher();
    assert!(0 < price && price == reserved && price < left, "{left} with {reserved} for {price}");
    let House { runtime, engine } = house;
    // No stop: the applier may not have come so far.
    drop((engine, store));
    let store = runtime.block_on(reopen(&open));
    let house = House::start(runtime, &store);
    assert_eq!(house.pool(show), [POOL as u64 - 4, 3, 1]);
    assert_eq!(house.voucher(), (left, price));
    assert_eq!(house.paid(kept), ["841-01", "841-02", "841-03"]);
    assert_eq!(house.voucher(), (left - price, 0));
    let texts = ["841-00", "841-04", "new"];
    let barcodes = texts.iter().filter_map(|text| Barcode::parse(text)).collect();
    let Reply::Imported(report) = house.ask(Actor::System, Command::Catalogue(CatalogueCommand::ImportBarcodes(show.id, barcodes))) else {
        panic!("no report")
    };
    assert_eq!((report.added, report.known), (1, 2), "the used one is looked for in the tables");
    assert_eq!(house.pool(show), [POOL as u64 - 3, 0, 4]);
    house.runtime.block_on(house.engine.stop());
}

#[test]
fn a_pool_survives_a_restart_on_the_simulated_store() {
    let sim = SimStore::new(false);
    what_is_reserved_is_the_same_after_a_restart(Runtime::new().unwrap(), || Ok(Store::Sim(sim.clone())));
}

#[test]
fn a_pool_survives_a_restart_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    what_is_reserved_is_the_same_after_a_restart(Runtime::new().unwrap(), || Store::open(&StoreConfig::Sqlite { dir: dir.path().into() }));
}

#[test]
fn a_pool_survives_a_restart_on_postgres() {
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(fresh_database());
    let open = || std::thread::scope(|scope| scope.spawn(|| Store::open(&StoreConfig::Postgres { url: database.url() })).join());
    what_is_reserved_is_the_same_after_a_restart(runtime, || open().unwrap());
}
