//! Who may make and change what: the story of one operator told through commands, without HTTP or store.

use std::sync::Arc;

use aforo_domain::command::{Command, Reply, Stop, plan};
use aforo_domain::error::Code;
use aforo_domain::identity::check::{Actor, Bearer};
use aforo_domain::identity::manage::channels::{ChannelChange, NewChannel, Settings};
use aforo_domain::identity::manage::devices::{NewTerminal, TerminalChange};
use aforo_domain::identity::manage::entities::{EntityChange, NewEntity};
use aforo_domain::identity::manage::keys::{KeyChange, NewKey};
use aforo_domain::identity::manage::platform::{FirstStart, NewOperator, OperatorChange, PlatformCommand, Reservation};
use aforo_domain::identity::manage::users::{NewUser, UserChange};
use aforo_domain::identity::manage::{Edit, IdentityCommand};
use aforo_domain::identity::{ChannelKind, Client, KeyOwner, License, Role, Scopes, Status, Subject};
use aforo_domain::ids::{ChannelId, EntityId, FamilyId, Hash, KeyId, ShardId, TerminalId, UserId};
use aforo_domain::moment::{Moment, Timestamp};
use aforo_domain::money::Currency;
use aforo_domain::text::Language;
use aforo_domain::world::World;

const NOW: Timestamp = Timestamp(1_900_000_000_000_000);

/// A shard that commands are put to, one after the other.
struct Story(World);

impl Story {
    /// Operator 3 with two entities: the opera (1) and the stadium (2).
    fn of_an_operator() -> Self {
        let mut story = Self(World::new(ShardId(3)));
        let operator = NewOperator { name: "Levante".to_owned(), secondary_market: false };
        story.done(&Actor::System, IdentityCommand::Platform(PlatformCommand::Operator(Edit::Create(operator))));
        for name in ["Opera", "Stadium"] {
            story.done(&Actor::System, new_entity(name));
        }
        story
    }

    fn ask(&mut self, actor: &Actor, command: IdentityCommand) -> Result<Reply, Code> {
        let moment = Moment { now: NOW, seed: [7; 32], order_code: None };
        match plan(&self.0, &moment, actor, &Command::Identity(command)) {
            Ok(done) => {
                for change in &done.changes {
                    self.0.apply(change, 1);
                }
                Ok(done.reply)
            }
            Err(Stop::Refused { error, effects }) if effects.is_empty() => Err(error.code),
            Err(other) => panic!("management neither loads nor leaves effects: {other:?}"),
        }
    }

    fn done(&mut self, actor: &Actor, command: IdentityCommand) -> u64 {
        match self.ask(actor, command) {
            Ok(Reply::Ids(ids)) => ids[0],
            other => panic!("{other:?}"),
        }
    }

    /// Someone of an entity with these roles, signed in.
    fn user(&mut self, entity: u64, username: &str, roles: &[Role]) -> Actor {
        let id = self.done(&Actor::System, IdentityCommand::User(Edit::Create(new_user(entity, username, roles))));
        signed_in(3, Some(UserId(id)), Some(EntityId(entity)))
    }
}

fn signed_in(shard: u64, user: Option<UserId>, entity: Option<EntityId>) -> Actor {
    let subject = Subject {
        shard: ShardId(shard),
        client: Client::Management,
        scopes: Scopes::MANAGEMENT,
        key: None,
        channel: None,
        entity,
        user,
        terminal: None,
        point_of_sale: None,
    };
    Actor::Token(Arc::new(Bearer { subject: Arc::new(subject), family: FamilyId([1; 16]), expires: NOW.plus_ms(1) }))
}

fn new_entity(name: &str) -> IdentityCommand {
    IdentityCommand::Entity(Edit::Create(NewEntity { id: None, name: name.to_owned() }))
}

fn new_user(entity: u64, username: &str, roles: &[Role]) -> NewUser {
    NewUser {
        id: None,
        entity: EntityId(entity),
        username: username.to_owned(),
        password: "$argon2id$".to_owned(),
        roles: roles.to_vec(),
        permissions: Vec::new(),
    }
}

fn new_channel(id: u64, entity: u64) -> NewChannel {
    NewChannel {
        id: ChannelId(id),
        entity: EntityId(entity),
        kind: ChannelKind::Web,
        currency: Currency::parse("EUR").expect("a currency"),
        settings: Settings::usual("Web".to_owned(), vec![Language::parse("es-ES").expect("a language")]),
    }
}

fn change_channel(id: u64, expected: Option<u64>, change: ChannelChange) -> IdentityCommand {
    IdentityCommand::Channel(Edit::Update { id: ChannelId(id), expected, change })
}

fn new_key(owner: KeyOwner, secret: &str) -> NewKey {
    NewKey { owner, secret: Hash::of(secret.as_bytes()), roles: Vec::new(), scopes: Scopes::SELLER, expires: None }
}

#[test]
fn a_channel_manager_manages_its_own_entity_and_sees_no_other() {
    let mut story = Story::of_an_operator();
    let manager = story.user(1, "manager", &[Role::ChannelManager]);
    assert_eq!(story.done(&manager, IdentityCommand::Channel(Edit::Create(new_channel(10, 1)))), 10);
    assert_eq!(story.ask(&manager, IdentityCommand::Channel(Edit::Create(new_channel(11, 2)))), Err(Code::Dist0005));

    story.done(&Actor::System, IdentityCommand::Channel(Edit::Create(new_channel(20, 2))));
    let off = ChannelChange { status: Some(Status::Inactive), ..ChannelChange::default() };
    assert_eq!(story.ask(&manager, change_channel(20, None, off.clone())), Err(Code::NotFound));
    story.done(&manager, change_channel(10, None, off));
    assert_eq!(story.0.identity.channels[&ChannelId(10)].status, Status::Inactive);

    let foreign_key = IdentityCommand::Key(Edit::Create(new_key(KeyOwner::Channel(ChannelId(20)), "3_x")));
    assert_eq!(story.ask(&manager, foreign_key), Err(Code::NotFound));
    let entity_key = IdentityCommand::Key(Edit::Create(new_key(KeyOwner::Entity(Some(EntityId(1))), "3_y")));
    assert_eq!(story.ask(&manager, entity_key), Err(Code::ForbiddenResource));
    assert_eq!(story.ask(&manager, new_entity("Mine")), Err(Code::ForbiddenResource));
}

#[test]
fn roles_decide_and_a_seller_manages_nothing() {
    let mut story = Story::of_an_operator();
    let seller = story.user(1, "seller", &[Role::Seller, Role::Reports]);
    let admin = story.user(2, "admin", &[Role::OperatorAdmin]);
    for command in [
        new_entity("x"),
        IdentityCommand::User(Edit::Create(new_user(1, "friend", &[]))),
        IdentityCommand::Channel(Edit::Create(new_channel(10, 1))),
    ] {
        assert_eq!(story.ask(&seller, command.clone()), Err(Code::ForbiddenResource));
        assert_eq!(story.ask(&Actor::Anonymous, command.clone()), Err(Code::Unauthorized));
        story.done(&admin, command);
    }
    let rename = PlatformCommand::Operator(Edit::Update {
        id: ShardId(3),
        expected: None,
        change: OperatorChange { name: Some("Mine".to_owned()), ..OperatorChange::default() },
    });
    assert_eq!(story.ask(&admin, IdentityCommand::Platform(rename.clone())), Err(Code::ForbiddenResource));
    story.done(&signed_in(0, Some(UserId(1)), None), IdentityCommand::Platform(rename));
    assert_eq!(story.ask(&signed_in(4, Some(UserId(1)), None), new_entity("theirs")), Err(Code::Unauthorized), "another operator's token");
}

#[test]
fn nobody_of_an_operator_becomes_platform_admin() {
    let mut story = Story::of_an_operator();
    let admin = story.user(1, "admin", &[Role::OperatorAdmin]);
    let grab = IdentityCommand::User(Edit::Create(new_user(1, "root", &[Role::PlatformAdmin])));
    assert_eq!(story.ask(&admin, grab), Err(Code::Dist0005));
    let promote = UserChange { roles: Some(vec![Role::PlatformAdmin]), ..UserChange::default() };
    assert_eq!(
        story.ask(&admin, IdentityCommand::User(Edit::Update { id: UserId(1), expected: None, change: promote })),
        Err(Code::Dist0005)
    );
    let key =
        NewKey { roles: vec![Role::PlatformAdmin], scopes: Scopes::MANAGEMENT, ..new_key(KeyOwner::Entity(Some(EntityId(1))), "3_z") };
    assert_eq!(story.ask(&admin, IdentityCommand::Key(Edit::Create(key.clone()))), Err(Code::Dist0005));
    let platforms = NewKey { owner: KeyOwner::Entity(None), ..key };
    assert_eq!(story.ask(&admin, IdentityCommand::Key(Edit::Create(platforms))), Err(Code::NotFound));
}

#[test]
fn a_change_on_an_old_version_is_refused_and_leaves_nothing() {
    let mut story = Story::of_an_operator();
    story.done(&Actor::System, IdentityCommand::Channel(Edit::Create(new_channel(10, 1))));
    let renamed = |name: &str| ChannelChange { name: Some(name.to_owned()), ..ChannelChange::default() };
    story.done(&Actor::System, change_channel(10, Some(1), renamed("First")));
    assert_eq!(story.ask(&Actor::System, change_channel(10, Some(1), renamed("Second"))), Err(Code::Conflict));
    let channel = &story.0.identity.channels[&ChannelId(10)];
    assert_eq!((channel.name.as_str(), channel.version), ("First", 2));
    let odd = ChannelChange { hold_ms: Some(7_200_000), ..ChannelChange::default() };
    assert_eq!(story.ask(&Actor::System, change_channel(10, None, odd)), Err(Code::Dist0001));
    let bad = ChannelChange { max_items: Some(0), languages: Some(Vec::new()), ..ChannelChange::default() };
    assert_eq!(story.ask(&Actor::System, change_channel(10, None, bad)), Err(Code::Dist0005));
}

#[test]
fn names_codes_and_ids_are_used_once() {
    let mut story = Story::of_an_operator();
    story.user(1, "ana", &[]);
    let again = IdentityCommand::User(Edit::Create(new_user(2, "ana", &[])));
    assert_eq!(story.ask(&Actor::System, again), Err(Code::Conflict));
    let taken = IdentityCommand::Entity(Edit::Create(NewEntity { id: Some(EntityId(2)), name: "Again".to_owned() }));
    assert_eq!(story.ask(&Actor::System, taken), Err(Code::Conflict));
    let far = IdentityCommand::Entity(Edit::Create(NewEntity { id: Some(EntityId(500)), name: "Far".to_owned() }));
    story.done(&Actor::System, far);
    assert_eq!(story.done(&Actor::System, new_entity("Next")), 501);

    let license = License { secret: Hash::of(b"L"), active: true, expires: None };
    let terminal = NewTerminal { id: None, entity: None, code: "T1".to_owned(), name: "Till".to_owned(), license };
    let id = story.done(&Actor::System, IdentityCommand::Terminal(Edit::Create(terminal.clone())));
    assert_eq!(story.ask(&Actor::System, IdentityCommand::Terminal(Edit::Create(terminal))), Err(Code::Conflict));
    let manager = story.user(1, "manager", &[Role::ChannelManager]);
    let change = TerminalChange { license_expires: Some(Some(NOW)), ..TerminalChange::default() };
    let edit = |change| IdentityCommand::Terminal(Edit::Update { id: TerminalId(id), expected: None, change });
    assert_eq!(story.ask(&manager, edit(change.clone())), Err(Code::NotFound), "the operator's own terminal");
    story.done(&Actor::System, edit(change));
    assert_eq!(story.0.identity.terminals[&TerminalId(id)].license.expires, Some(NOW));
}

#[test]
fn what_is_gone_stays_gone() {
    let mut story = Story::of_an_operator();
    let delete = EntityChange { status: Some(Status::Gone), ..EntityChange::default() };
    let edit = |change| IdentityCommand::Entity(Edit::Update { id: EntityId(1), expected: None, change });
    story.done(&Actor::System, edit(delete));
    let back = EntityChange { status: Some(Status::Active), ..EntityChange::default() };
    assert_eq!(story.ask(&Actor::System, edit(back)), Err(Code::NotFound));
    assert_eq!(story.ask(&Actor::System, IdentityCommand::Channel(Edit::Create(new_channel(10, 1)))), Err(Code::Dist0005));
}

#[test]
fn keys_rotate_by_adding_a_second_and_revoking_the_first() {
    let mut story = Story::of_an_operator();
    story.done(&Actor::System, IdentityCommand::Channel(Edit::Create(new_channel(10, 1))));
    let owner = KeyOwner::Channel(ChannelId(10));
    let first = story.done(&Actor::System, IdentityCommand::Key(Edit::Create(new_key(owner, "3_first"))));
    let second = story.done(&Actor::System, IdentityCommand::Key(Edit::Create(new_key(owner, "3_second"))));
    let revoke = Edit::Update { id: KeyId(first), expected: None, change: KeyChange { status: Some(Status::Gone) } };
    story.done(&Actor::System, IdentityCommand::Key(revoke.clone()));
    assert_eq!(story.ask(&Actor::System, IdentityCommand::Key(revoke)), Err(Code::NotFound));
    assert_eq!(story.0.identity.keys[&KeyId(second)].status, Status::Active);
    let wide = NewKey { scopes: Scopes::MANAGEMENT, ..new_key(owner, "3_wide") };
    assert_eq!(story.ask(&Actor::System, IdentityCommand::Key(Edit::Create(wide))), Err(Code::Dist0005));
}

#[test]
fn the_platform_starts_once_and_reserves_for_one_operator() {
    let mut platform = Story(World::new(ShardId::PLATFORM));
    let start = PlatformCommand::FirstStart(FirstStart {
        username: "admin".to_owned(),
        password: "$argon2id$".to_owned(),
        key: Hash::of(b"0_secret"),
    });
    assert_eq!(platform.ask(&Actor::System, IdentityCommand::Platform(start.clone())), Ok(Reply::Done));
    assert_eq!(platform.ask(&Actor::System, IdentityCommand::Platform(start)), Err(Code::Conflict));

    let mut reserve = |reservation| platform.ask(&Actor::System, IdentityCommand::Platform(PlatformCommand::Reserve(reservation)));
    let ids = |id| Ok(Reply::Ids(vec![id]));
    assert_eq!(reserve(Reservation::Operator(None)), ids(1));
    assert_eq!(reserve(Reservation::Operator(None)), ids(2));
    assert_eq!(reserve(Reservation::Channel(Some(ChannelId(40)), ShardId(1))), ids(40));
    assert_eq!(reserve(Reservation::Channel(Some(ChannelId(40)), ShardId(1))), ids(40), "asking again is no conflict");
    assert_eq!(reserve(Reservation::Channel(Some(ChannelId(40)), ShardId(2))), Err(Code::Conflict));
    assert_eq!(reserve(Reservation::Channel(None, ShardId(2))), ids(41));
    assert_eq!(reserve(Reservation::Channel(Some(ChannelId(1 << 52)), ShardId(2))), Err(Code::Dist0005));
    assert_eq!(reserve(Reservation::Username("admin".to_owned(), ShardId(1))), Err(Code::Conflict));
    assert_eq!(reserve(Reservation::Username("ana".to_owned(), ShardId(1))), ids(0));
    let by_an_operator = IdentityCommand::Platform(PlatformCommand::Reserve(Reservation::Operator(None)));
    assert_eq!(platform.ask(&signed_in(1, None, None), by_an_operator), Err(Code::Unauthorized));
}

#[test]
fn somebody_is_always_left_to_run_the_platform() {
    let mut platform = Story(World::new(ShardId::PLATFORM));
    let start = FirstStart { username: "admin".to_owned(), password: "$argon2id$".to_owned(), key: Hash::of(b"0_secret") };
    platform.ask(&Actor::System, IdentityCommand::Platform(PlatformCommand::FirstStart(start))).unwrap();
    let admin = signed_in(0, Some(UserId(1)), Some(EntityId(1)));
    let user = |status| UserChange { status: Some(status), ..UserChange::default() };
    let change_user = |change| IdentityCommand::User(Edit::Update { id: UserId(1), expected: None, change });
    let change_key =
        |status| IdentityCommand::Key(Edit::Update { id: KeyId(1), expected: None, change: KeyChange { status: Some(status) } });
    platform.done(&admin, change_key(Status::Gone));
    assert_eq!(platform.ask(&admin, change_user(user(Status::Inactive))), Err(Code::Conflict));
    let heir = NewUser { roles: vec![Role::PlatformAdmin], ..new_user(1, "heir", &[]) };
    platform.done(&admin, IdentityCommand::User(Edit::Create(heir)));
    platform.done(&admin, change_user(user(Status::Gone)));
    assert_eq!(platform.ask(&admin, new_entity("Mine")), Err(Code::Auth0001), "what is gone does nothing more");
}
