//! Signing in, told as the story of a box office and a web shop of one opera: who gets a token, who is told what, and what ends it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::command::{Command, Effect, Reply, Stop, plan};
use aforo_domain::error::{Code, Error};
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::sign_in::{
    ACCESS_MS, Grant, Granted, MAX_SIGN_INS, Proof, REFRESH_MS, Refresh, SignInCommand, rotation, signer,
};
use aforo_domain::identity::{
    ApiKey, Channel, ChannelKind, Client, Entity, KeyOwner, License, Operator, PointOfSale, Role, Scopes, Status, Terminal, User,
};
use aforo_domain::ids::{ChannelId, EntityId, FamilyId, Hash, KeyId, PointOfSaleId, ShardId, TerminalId, UserId};
use aforo_domain::moment::{DAY_MS, Moment, Timestamp};
use aforo_domain::money::Currency;
use aforo_domain::world::World;

const NOW: Timestamp = Timestamp(1_900_000_000_000_000);
const HOME: Hash = Hash([9; 32]);

struct Story {
    world: World,
    now: Timestamp,
    draws: u8,
}

fn hash(text: &str) -> Hash {
    Hash::of(text.as_bytes())
}

fn channel(id: u64, kind: ChannelKind) -> Channel {
    Channel {
        id: ChannelId(id),
        entity: EntityId(1),
        name: "Opera".to_owned(),
        kind,
        status: Status::Active,
        languages: Vec::new(),
        currency: Currency::parse("EUR").unwrap(),
        hold_ms: 600_000,
        hold_max_ms: 3_600_000,
        payment_ms: 600_000,
        max_items: 10,
        surcharges: Vec::new(),
        buyer_mandatory: Vec::new(),
        override_orphan_seats: false,
        metadata: Default::default(),
        delivery_methods: Vec::new(),
        insurances: Vec::new(),
        invitations: false,
        buyer_form: Default::default(),
        booking: Default::default(),
        loyalty: false,
        mail: false,
        mail_tickets: true,
        customers: false,
        resale: Default::default(),
        version: 1,
    }
}

fn key(id: u64, owner: KeyOwner, secret: &str, scopes: Scopes) -> ApiKey {
    let roles = vec![Role::OperatorAdmin];
    ApiKey { id: KeyId(id), owner, secret: hash(secret), roles, scopes, status: Status::Active, expires: None, version: 1 }
}

fn user(id: u64, entity: u64, roles: &[Role]) -> User {
    User {
        id: UserId(id),
        entity: EntityId(entity),
        username: format!("user{id}"),
        password: "phc".to_owned(),
        status: Status::Active,
        roles: roles.to_vec(),
        permissions: Vec::new(),
        version: 1,
    }
}

fn terminal(id: u64, entity: Option<u64>, code: &str) -> Terminal {
    let license = License { secret: hash("licence"), active: true, expires: Some(NOW.plus_ms(DAY_MS)) };
    let (entity, code) = (entity.map(EntityId), code.to_owned());
    Terminal { id: TerminalId(id), code, entity, name: "Left window".to_owned(), status: Status::Active, license, version: 1 }
}

fn point_of_sale(id: u64, entity: u64) -> PointOfSale {
    PointOfSale { id: PointOfSaleId(id), entity: EntityId(entity), name: "Foyer".to_owned(), status: Status::Active, version: 1 }
}

impl Story {
    /// Operator 3: the opera (1) with a web shop (10), a box office (11) and a kiosk (12); the stadium (2).
    fn begin() -> Self {
        let mut story = Self { world: World::new(ShardId(3)), now: NOW, draws: 0 };
        story.put(Operator { id: ShardId(3), name: "Levante".to_owned(), status: Status::Active, secondary_market: false, version: 1 });
        for id in [1, 2] {
            story.put(Entity { id: EntityId(id), name: "Entity".to_owned(), status: Status::Active, receipts: None, version: 1 });
        }
        for (id, kind) in [(10, ChannelKind::Web), (11, ChannelKind::BoxOffice), (12, ChannelKind::Kiosk)] {
            story.put(channel(id, kind));
            story.put(key(id, KeyOwner::Channel(ChannelId(id)), &format!("3_{id}"), Scopes::SELLER));
        }
        story.put(key(1, KeyOwner::Entity(Some(EntityId(1))), "3_opera", Scopes::ENTITY));
        story.put(user(1, 1, &[Role::Seller]));
        story.put(user(2, 2, &[Role::Seller]));
        story.put(user(3, 1, &[Role::Reports]));
        for (id, entity, code) in [(1, Some(1), "T1"), (2, None, "T2"), (3, Some(2), "T3")] {
            story.put(terminal(id, entity, code));
        }
        story.put(point_of_sale(1, 1));
        story.put(point_of_sale(2, 2));
        story
    }

    fn put<T>(&mut self, row: T)
    where
        Arc<T>: Into<Row>,
    {
        self.world.apply(&Arc::new(row).into().into(), 1);
    }

    /// Puts a command and what becomes of it in force, as the engine does.
    fn ask(&mut self, actor: &Actor, command: SignInCommand) -> Result<Reply, Error> {
        self.draws += 1;
        let moment = Moment { now: self.now, seed: [self.draws; 32], order_code: None };
        let (changes, result) = match plan(&self.world, &moment, actor, &Command::SignIn(command)) {
            Ok(done) => (done.changes, Ok(done.reply)),
            Err(Stop::Refused { error, effects }) => (effects.into_iter().flat_map(Effect::into_changes).collect(), Err(*error)),
            Err(other) => panic!("signing in loads nothing: {other:?}"),
        };
        for change in &changes {
            self.world.apply(change, 1);
        }
        result
    }

    fn sign_in(&mut self, grant: Grant) -> Result<Arc<Granted>, Code> {
        match self.ask(&Actor::Anonymous, SignInCommand::Grant(Box::new(grant))) {
            Ok(Reply::Granted(granted)) => Ok(granted),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.code),
        }
    }

    fn refused(&mut self, grant: Grant) -> Code {
        self.sign_in(grant).expect_err("refused")
    }

    fn refresh(&mut self, family: FamilyId, presented: &str, next: &str) -> Result<Reply, Code> {
        let refresh = Refresh { family, presented: hash(presented), next: hash(next), client: None, scopes: None };
        self.ask(&Actor::Anonymous, SignInCommand::Refresh(refresh)).map_err(|error| error.code)
    }

    fn works(&self, granted: &Granted) -> Result<(), Code> {
        let bearer = Bearer { subject: granted.subject.clone(), family: granted.family, expires: granted.access_expires };
        self.world.identity.check(&bearer, self.now).map(drop).map_err(|error| error.code)
    }
}

fn with_key(client: Client, channel: Option<u64>, secret: &str) -> Grant {
    Grant {
        client,
        proof: Proof::Key(Some(hash(secret))),
        channel: channel.map(ChannelId),
        terminal: None,
        license: None,
        point_of_sale: None,
        scopes: None,
        address: HOME,
        refresh: hash("first"),
    }
}

fn web() -> Grant {
    with_key(Client::SellerChannel, Some(10), "3_10")
}

/// User 1 at the left window of the opera's box office.
fn counter() -> Grant {
    Grant {
        proof: Proof::Password { user: Some(UserId(1)), phc: "phc".to_owned(), right: true },
        terminal: Some("T1".to_owned()),
        license: Some(hash("licence")),
        point_of_sale: Some(PointOfSaleId(1)),
        ..with_key(Client::BoxOffice, Some(11), "")
    }
}

fn password(user: Option<u64>, right: bool) -> Proof {
    Proof::Password { user: user.map(UserId), phc: "phc".to_owned(), right }
}

#[test]
fn a_channel_signs_in_with_its_own_key_only() {
    let mut story = Story::begin();
    let granted = story.sign_in(web()).unwrap();
    assert_eq!(granted.subject.scopes, Scopes::SELLER);
    assert_eq!(granted.access_expires, NOW.plus_ms(ACCESS_MS));
    assert_eq!(story.works(&granted), Ok(()));
    assert_eq!(story.refused(Grant { channel: None, ..web() }), Code::Auth0004);
    assert_eq!(story.refused(Grant { channel: Some(ChannelId(99)), ..web() }), Code::Auth0005);
    for wrong in ["3_11", "3_opera", "3_none"] {
        assert_eq!(story.refused(Grant { proof: Proof::Key(Some(hash(wrong))), ..web() }), Code::Unauthorized);
    }
    assert_eq!(story.refused(Grant { proof: Proof::Key(None), ..web() }), Code::Unauthorized);
    assert_eq!(story.refused(with_key(Client::Management, None, "3_10")), Code::Unauthorized);
}

#[test]
fn an_entity_key_reaches_what_its_client_and_it_reach() {
    let mut story = Story::begin();
    let scopes = |granted: Arc<Granted>| granted.subject.scopes.names();
    assert_eq!(story.sign_in(with_key(Client::Management, None, "3_opera")).map(scopes).unwrap(), "api-orders-mgmt-all api-mgmt-all");
    assert_eq!(story.sign_in(with_key(Client::AccessControl, None, "3_opera")).map(scopes).unwrap(), "api-access-control-all");
    let fewer = Scopes::parse("api-mgmt-all api-catalog-all");
    let grant = Grant { scopes: fewer, ..with_key(Client::Management, None, "3_opera") };
    assert_eq!(story.sign_in(grant).map(scopes).unwrap(), "api-mgmt-all");
    let other = Grant { scopes: Scopes::parse("api-catalog-all"), ..with_key(Client::Management, None, "3_opera") };
    assert_eq!(story.refused(other), Code::Dist0005);
}

#[test]
fn state_is_told_only_to_those_with_the_right_secret() {
    let mut story = Story::begin();
    story.put(Channel { status: Status::Inactive, ..channel(10, ChannelKind::Web) });
    assert_eq!(story.refused(Grant { proof: Proof::Key(Some(hash("guess"))), ..web() }), Code::Unauthorized);
    assert_eq!(story.refused(web()), Code::Auth0006);
    story.put(Channel { status: Status::Gone, ..channel(10, ChannelKind::Web) });
    assert_eq!(story.refused(web()), Code::Auth0005);
    story.put(User { status: Status::Inactive, ..user(1, 1, &[Role::Seller]) });
    assert_eq!(story.refused(Grant { proof: password(Some(1), false), ..counter() }), Code::Auth0002);
    assert_eq!(story.refused(counter()), Code::Auth0025);
    story.put(User { status: Status::Gone, ..user(1, 1, &[Role::Seller]) });
    assert_eq!(story.refused(counter()), Code::Auth0001);
}

#[test]
fn entity_and_operator_are_checked_in_their_order() {
    let mut story = Story::begin();
    let operator = |status| Operator { id: ShardId(3), name: "Levante".to_owned(), status, secondary_market: false, version: 1 };
    let entity = |status| Entity { id: EntityId(1), name: "Opera".to_owned(), status, receipts: None, version: 1 };
    story.put(operator(Status::Inactive));
    assert_eq!(story.refused(web()), Code::Auth0010);
    story.put(operator(Status::Gone));
    assert_eq!(story.refused(web()), Code::Auth0009);
    story.put(entity(Status::Inactive));
    assert_eq!(story.refused(web()), Code::Auth0008);
    story.put(entity(Status::Gone));
    assert_eq!(story.refused(web()), Code::Auth0007);
}

#[test]
fn a_person_works_at_the_counters_of_their_own_entity() {
    let mut story = Story::begin();
    let granted = story.sign_in(counter()).unwrap();
    assert_eq!((granted.subject.terminal, granted.subject.point_of_sale), (Some(TerminalId(1)), Some(PointOfSaleId(1))));
    assert_eq!(story.works(&granted), Ok(()));
    assert_eq!(story.refused(Grant { proof: password(None, false), ..counter() }), Code::Auth0001);
    assert_eq!(story.refused(Grant { proof: password(Some(2), true), ..counter() }), Code::Auth0003);
    assert_eq!(story.refused(Grant { proof: password(Some(3), true), ..counter() }), Code::Auth0024);
    assert_eq!(story.refused(Grant { channel: Some(ChannelId(10)), ..counter() }), Code::Auth0024, "nobody sits in a web shop");
    assert_eq!(story.refused(Grant { channel: Some(ChannelId(500)), ..counter() }), Code::Auth0003, "another operator's channel");
}

#[test]
fn a_counter_needs_its_device_its_licence_and_its_place() {
    let mut story = Story::begin();
    let at = |code: &str| Grant { terminal: Some(code.to_owned()), ..counter() };
    assert_eq!(story.refused(Grant { terminal: None, ..counter() }), Code::Auth0011);
    assert_eq!(story.refused(at("T9")), Code::Auth0013);
    assert_eq!(story.refused(at("T3")), Code::Auth0018);
    story.sign_in(at("T2")).expect("the operator's own device");
    assert_eq!(story.refused(Grant { license: None, ..counter() }), Code::Auth0012);
    assert_eq!(story.refused(Grant { license: Some(hash("guess")), ..counter() }), Code::Auth0015);
    assert_eq!(story.refused(Grant { point_of_sale: None, ..counter() }), Code::Auth0019);
    assert_eq!(story.refused(Grant { point_of_sale: Some(PointOfSaleId(9)), ..counter() }), Code::Auth0020);
    assert_eq!(story.refused(Grant { point_of_sale: Some(PointOfSaleId(2)), ..counter() }), Code::Auth0022);
    story.put(PointOfSale { status: Status::Inactive, ..point_of_sale(1, 1) });
    assert_eq!(story.refused(counter()), Code::Auth0021);
    let good = terminal(1, Some(1), "T1");
    story.put(Terminal { license: License { expires: Some(NOW), ..good.license.clone() }, ..good.clone() });
    assert_eq!(story.refused(counter()), Code::Auth0017);
    story.put(Terminal { license: License { active: false, ..good.license.clone() }, ..good.clone() });
    assert_eq!(story.refused(counter()), Code::Auth0016);
    story.put(Terminal { status: Status::Inactive, ..good });
    assert_eq!(story.refused(counter()), Code::Auth0014);
}

#[test]
fn a_kiosk_signs_in_as_a_channel_with_its_device() {
    let mut story = Story::begin();
    let bare = with_key(Client::SellerChannel, Some(12), "3_12");
    assert_eq!(story.refused(bare.clone()), Code::Auth0011);
    let (terminal, license, point_of_sale) = (Some("T1".to_owned()), Some(hash("licence")), Some(PointOfSaleId(9)));
    let granted = story.sign_in(Grant { terminal, license, point_of_sale, ..bare }).unwrap();
    assert_eq!((granted.subject.terminal, granted.subject.point_of_sale), (Some(TerminalId(1)), None), "a kiosk is no counter");
}

#[test]
fn switching_off_works_at_once() {
    let mut story = Story::begin();
    let (shop, person) = (story.sign_in(web()).unwrap(), story.sign_in(counter()).unwrap());
    story.put(ApiKey { status: Status::Gone, ..key(10, KeyOwner::Channel(ChannelId(10)), "3_10", Scopes::SELLER) });
    assert_eq!(story.works(&shop), Err(Code::Unauthorized));
    story.put(Terminal { status: Status::Gone, ..terminal(1, Some(1), "T1") });
    assert_eq!(story.works(&person), Err(Code::Auth0013));
    story.put(User { roles: vec![Role::Reports], ..user(1, 1, &[]) });
    assert_eq!(story.works(&person), Err(Code::Auth0024));
}

#[test]
fn a_refresh_token_is_good_once_and_a_used_one_ends_the_sign_in() {
    let mut story = Story::begin();
    let granted = story.sign_in(web()).unwrap();
    story.now = NOW.plus_ms(1_000);
    let Ok(Reply::Granted(again)) = story.refresh(granted.family, "first", "second") else { panic!("refreshed") };
    assert_eq!((again.family, again.access_expires), (granted.family, story.now.plus_ms(ACCESS_MS)));
    assert_eq!(story.works(&granted), Ok(()), "the token before lives on");
    assert_eq!(story.refresh(granted.family, "first", "third"), Err(Code::Dist0005));
    assert_eq!(story.works(&again), Err(Code::Unauthorized));
    assert_eq!(story.refresh(granted.family, "second", "third"), Err(Code::Dist0005), "the thief's or the owner's: nobody knows");
}

#[test]
fn refreshing_looks_at_state_and_ends_some_day() {
    let mut story = Story::begin();
    let granted = story.sign_in(web()).unwrap();
    story.put(Channel { status: Status::Inactive, ..channel(10, ChannelKind::Web) });
    assert_eq!(story.refresh(granted.family, "first", "second"), Err(Code::Auth0006));
    story.put(channel(10, ChannelKind::Web));
    story.now = NOW.plus_ms(REFRESH_MS - 1);
    assert!(story.refresh(granted.family, "first", "second").is_ok());
    story.now = NOW.plus_ms(REFRESH_MS);
    assert_eq!(story.refresh(granted.family, "second", "third"), Err(Code::Dist0005));
    assert!(story.world.short_lived(story.now).next().is_some(), "a tick forgets it");
}

#[test]
fn the_oldest_sign_in_makes_room() {
    let mut story = Story::begin();
    let first = story.sign_in(web()).unwrap();
    story.now = NOW.plus_ms(1);
    let second = story.sign_in(web()).unwrap();
    for at in 2..=MAX_SIGN_INS as i64 {
        story.now = NOW.plus_ms(at);
        story.sign_in(web()).unwrap();
    }
    assert_eq!(story.world.sign_ins(first.subject.principal()).unwrap().live.len(), MAX_SIGN_INS);
    assert_eq!(story.refresh(first.family, "first", "x"), Err(Code::Dist0005));
    assert_eq!(story.works(&first), Ok(()), "its access token is nobody's room");
    assert!(story.refresh(second.family, "first", "x").is_ok());
    let bearer = Bearer { subject: first.subject.clone(), family: first.family, expires: first.access_expires };
    story.ask(&Actor::Token(Arc::new(bearer)), SignInCommand::Revoke(None)).unwrap();
    assert_eq!(story.works(&first), Err(Code::Unauthorized), "revoked although its sign-in was dropped");
}

#[test]
fn revoking_takes_the_token_or_its_refresh_token() {
    let mut story = Story::begin();
    let granted = story.sign_in(web()).unwrap();
    assert_eq!(story.ask(&Actor::Anonymous, SignInCommand::Revoke(Some((granted.family, hash("guess"))))), Ok(Reply::Done));
    assert_eq!(story.works(&granted), Ok(()));
    assert_eq!(story.ask(&Actor::Anonymous, SignInCommand::Revoke(Some((granted.family, hash("first"))))), Ok(Reply::Done));
    assert_eq!(story.works(&granted), Err(Code::Unauthorized));
}

#[test]
fn wrong_passwords_are_slowed_down_and_a_wait_helps() {
    let mut story = Story::begin();
    for _ in 0..6 {
        assert_eq!(story.refused(Grant { proof: password(Some(1), false), ..counter() }), Code::Auth0002);
        story.now = story.now.plus_ms(1_000);
    }
    story.now = story.now.plus_ms(-1_000);
    assert_eq!(story.refused(counter()), Code::TooManyRequests, "right or wrong is not told");
    let knock = SignInCommand::Knock { user: Some(UserId(1)), channel: None, address: HOME };
    assert_eq!(story.ask(&Actor::Anonymous, knock).unwrap_err().fill, ["2"]);
    story.now = story.now.plus_ms(2_000);
    story.sign_in(counter()).unwrap();
    assert_eq!(story.refused(Grant { proof: password(Some(1), false), ..counter() }), Code::Auth0002, "counted from the beginning");
    story.sign_in(counter()).expect("one slip is no crime");
}

#[test]
fn an_address_that_guesses_is_slowed_down_but_a_right_key_is_never() {
    let mut story = Story::begin();
    let guess = || Grant { proof: Proof::Key(Some(hash("guess"))), ..web() };
    for _ in 0..101 {
        assert_eq!(story.refused(guess()), Code::Unauthorized);
        story.now = story.now.plus_ms(1_000);
    }
    story.now = story.now.plus_ms(-1_000);
    assert_eq!(story.refused(guess()), Code::TooManyRequests);
    assert_eq!(story.refused(counter()), Code::TooManyRequests, "a password from there has to wait");
    story.sign_in(web()).expect("a key cannot be guessed");
}

#[test]
fn keys_take_turns_and_the_next_is_published_before_it_signs() {
    let mut world = World::new(ShardId::PLATFORM);
    let mut now = NOW;
    let turn = |world: &mut World, now: Timestamp, seed: u8| {
        let moment = Moment { now, seed: [seed; 32], order_code: None };
        let changes = rotation(&world.identity, &moment);
        changes.iter().for_each(|change| world.apply(change, 1));
        changes.len()
    };
    assert_eq!(turn(&mut world, now, 1), 1);
    let first = signer(&world.identity, now).unwrap().clone();
    assert_eq!(turn(&mut world, now, 2), 0);
    now = now.plus_ms(30 * DAY_MS - 3_600_000);
    assert_eq!(turn(&mut world, now, 3), 1);
    assert_eq!((world.identity.signing_keys.len(), &signer(&world.identity, now).unwrap().id), (2, &first.id));
    now = now.plus_ms(3_600_000);
    assert_ne!(signer(&world.identity, now).unwrap().id, first.id);
    assert!(first.until >= now.plus_ms(ACCESS_MS), "the old one verifies what it signed");
    assert_eq!(turn(&mut world, first.until, 4), 1, "and is then forgotten");
    let asleep = first.until.plus_ms(400 * DAY_MS);
    assert_eq!(turn(&mut world, asleep, 5), 2, "after a year asleep a new one signs at once");
    assert!(signer(&world.identity, asleep).is_some());
}
