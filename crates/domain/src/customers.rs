//! Customers: who buys in the channels of an entity, told apart by the e-mail, with what they agreed to. This module is what is kept of them, who is kept,
//! and how all that is personal is erased while the books stay whole.
//!
//! Only a channel that is switched on keeps its buyers as customers: elsewhere a sale writes and looks for nothing. What a customer bought is found in the
//! orders, which name it; nothing of it is kept twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::{Change, Key, Row};
use crate::command::{Done, Planned, Reply, Stop};
use crate::error::{Code, Error};
use crate::identity::check::{Actor, Caller};
use crate::ids::{ChannelId, EntityId, Hash, OrderId, UserId};
use crate::moment::{Moment, Timestamp};
use crate::orders::draft::Draft;
use crate::orders::{Buyer, History, HistoryEvent, Order, Seller};
use crate::text::Language;
use crate::vouchers;
use crate::world::World;

/// Consents of one customer at most.
pub const MAX_CONSENTS: usize = 50;

/// What a customer is known by: the hash of its entity and its e-mail, trimmed and lower-cased. It tells nobody the e-mail.
pub type CustomerId = Hash;

/// A customer of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// What it is known by.
    pub id: CustomerId,
    /// In whose channels it buys.
    pub entity: EntityId,
    /// Who it is.
    pub person: Person,
    /// What it said to what it was asked, by the question's own name.
    pub consents: BTreeMap<String, Consent>,
    /// Since when it is kept.
    pub created: Timestamp,
    /// When it last bought something.
    pub purchased: Option<Timestamp>,
    /// Counts the changes, purchases among them.
    pub version: u64,
}

/// Who a customer is. What is not an e-mail may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of a buyer")]
pub struct Person {
    pub email: String,
    pub name: Option<String>,
    pub surname: Option<String>,
    pub phone: Option<String>,
    pub language: Option<Language>,
}

/// What a customer said to something it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Whether it agreed.
    pub given: bool,
    /// When.
    pub at: Timestamp,
    /// In which channel.
    pub channel: ChannelId,
    /// To whom, at a counter.
    pub user: Option<UserId>,
    /// What it was asked, in the words that it was shown.
    pub text: Option<String>,
}

/// That what is personal of an order was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at: Timestamp,
    /// What its buyer is counted under: see [`Buyer::hash`].
    pub buyer: Option<Hash>,
}

/// What is asked about customers. All are of the entity of the caller's channel.
#[derive(Debug, Clone)]
pub enum CustomerCommand {
    /// Keep somebody who has bought nothing yet.
    Create(Box<Person>),
    /// Look at one.
    Read(CustomerId),
    /// Replace what is said of one; the e-mail stays.
    Change(CustomerId, Box<Person>),
    /// Note what one said to a question of this name; in these words, if they are known.
    Consent(CustomerId, String, bool, Option<String>),
    /// Erase what is personal of an order of one, and of its refunds.
    EraseOrder(CustomerId, OrderId),
    /// Forget one, if nothing became different since this version.
    Forget(CustomerId, u64),
}

/// What an entity's buyer is known by as a customer; `None` without an e-mail.
pub fn id_of(entity: EntityId, email: &str) -> Option<CustomerId> {
    let email = email.trim().to_lowercase();
    (!email.is_empty()).then(|| Hash::of(format!("customer {entity} {email}").as_bytes()))
}

impl Person {
    fn of(buyer: &Buyer) -> Self {
        let Buyer { email, name, surname, phone, language, .. } = buyer.clone();
        Self { email, name, surname, phone, language }
    }
}

/// Decides what is asked about customers.
///
/// # Errors
/// Those of [`crate::identity::Identity::check`]; `FORBIDDEN_RESOURCE` outside a channel; `NOT_FOUND` for a customer that this entity does not have;
/// `CONFLICT` for one that is there already, for a question too many, and if something became different before it was to be forgotten;
/// `ORDER_NOT_FOUND` for an order that is not the customer's.
pub fn plan(world: &World, moment: &Moment, actor: &Actor, command: &CustomerCommand) -> Planned {
    let Actor::Token(bearer) = actor else { return Err(Code::ForbiddenResource.into()) };
    if bearer.subject.shard != world.shard {
        return Err(Code::Unauthorized.into());
    }
    let caller = world.identity.check(bearer, moment.now)?;
    let channel = caller.channel.ok_or(Code::ForbiddenResource)?;
    let register = Register { world, moment, caller, channel: channel.id, entity: channel.entity };
    match command {
        CustomerCommand::Create(person) => register.create(person),
        CustomerCommand::Read(id) => Ok(Done { changes: Vec::new(), reply: Reply::Customer(register.find(*id)?.clone()) }),
        CustomerCommand::Change(id, person) => {
            let before = register.find(*id)?;
            let person = Person { email: before.person.email.clone(), ..Person::clone(person) };
            Ok(saved(Customer { person, version: before.version + 1, ..Customer::clone(before) }))
        }
        CustomerCommand::Consent(id, name, given, text) => register.consent(register.find(*id)?, name, *given, text.as_ref()),
        CustomerCommand::EraseOrder(id, order) => register.erase(register.find(*id)?.id, *order),
        CustomerCommand::Forget(id, version) => {
            let customer = register.find(*id)?;
            if customer.version != *version {
                return Err(Code::Conflict.into());
            }
            Ok(Done { changes: vec![Change::Delete(Key::Customer(customer.id))], reply: Reply::Done })
        }
    }
}

/// Who asks is shown it by reading: an answer that is kept for who repeats its call would outlive what is erased.
fn saved(customer: Customer) -> Done {
    Done { changes: vec![Arc::new(customer).into()], reply: Reply::Done }
}

/// Where that is decided.
struct Register<'a> {
    world: &'a World,
    moment: &'a Moment,
    caller: Caller<'a>,
    channel: ChannelId,
    entity: EntityId,
}

impl<'a> Register<'a> {
    fn find(&self, id: CustomerId) -> Result<&'a Arc<Customer>, Stop> {
        let customer = self.world.customer(id)?.filter(|customer| customer.entity == self.entity);
        Ok(customer.ok_or(Code::NotFound)?)
    }

    fn create(&self, person: &Person) -> Planned {
        let id = id_of(self.entity, &person.email).ok_or_else(|| Error::required(&["email"]))?;
        if self.world.customer(id)?.is_some() {
            return Err(Code::Conflict.into());
        }
        let (entity, person, created) = (self.entity, person.clone(), self.moment.now);
        Ok(saved(Customer { id, entity, person, consents: BTreeMap::new(), created, purchased: None, version: 1 }))
    }

    fn consent(&self, before: &Customer, name: &str, given: bool, text: Option<&String>) -> Planned {
        let mut customer = before.clone();
        let (at, channel, user) = (self.moment.now, self.channel, self.caller.subject.user);
        customer.consents.insert(name.to_owned(), Consent { given, at, channel, user, text: text.cloned() });
        if customer.consents.len() > MAX_CONSENTS {
            return Err(Error::new(Code::Conflict).because("a customer has at most 50 consents").into());
        }
        customer.version += 1;
        Ok(saved(customer))
    }

    /// Erases what is personal of an order in the books and of its refunds. What was paid, for what and when, stays.
    fn erase(&self, id: CustomerId, order: OrderId) -> Planned {
        let is_own = |order: &&Arc<Order>| {
            let channel = self.world.identity.channels.get(&order.seller.channel);
            channel.is_some_and(|channel| channel.entity == self.entity)
        };
        let order = self.world.resident_order(order)?.filter(is_own).ok_or(Code::OrderNotFound)?;
        if order.extras().after.erased.is_some() {
            return Ok(Done { changes: Vec::new(), reply: Reply::Order(order.clone()) });
        }
        if order.extras().customer != Some(id) {
            return Err(Code::OrderNotFound.into());
        }
        // Orders that were given for places of this one name the customer themselves.
        let refunds = order.extras().after.refunds.iter().filter(|note| !note.relocated);
        let refunds = vouchers::all(refunds.map(|note| self.world.resident_order(note.order)))?;
        let mut draft = Draft::new(self.world);
        let mut answer = order.clone();
        for one in refunds.into_iter().chain([order]) {
            let erased = self.without_person(one);
            for item in &erased.items {
                if let Some(ticket) = erased.ticket(item, self.moment.now, &self.world.catalogue) {
                    draft.put(Row::from(ticket));
                }
            }
            let by = Seller::of(self.channel, self.caller.subject);
            let number = 1 + erased.extras().after.lines;
            draft.put(Arc::new(History { order: erased.id, number, at: self.moment.now, by, what: HistoryEvent::Erased }));
            answer = Arc::new(erased);
            draft.put(answer.clone());
        }
        Ok(Done { changes: draft.finish(), reply: Reply::Order(answer) })
    }

    fn without_person(&self, order: &Order) -> Order {
        let erased = Erased { at: self.moment.now, buyer: order.buyer_hash() };
        let order = order.with_extras(|extras| {
            (extras.attendees, extras.metadata, extras.customer) = (Vec::new(), BTreeMap::new(), None);
            extras.after.lines += 1;
            extras.after.erased = Some(erased);
        });
        // It still has one, so that it is known to be seen whole.
        Order { buyer: order.buyer.is_some().then(Arc::default), ..order }
    }
}

impl World {
    /// A customer.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn customer(&self, id: CustomerId) -> Result<Option<&Arc<Customer>>, Stop> {
        self.known(self.customers.rows.get(&id).map(|slot| &slot.row), || Key::Customer(id))
    }

    /// Who buys an order of a channel that keeps its customers, as it will be kept; `None` in any other.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn buyer_as_customer(&self, order: &Order, now: Timestamp) -> Result<Option<Customer>, Stop> {
        let Some(channel) = self.identity.channels.get(&order.seller.channel).filter(|channel| channel.customers) else { return Ok(None) };
        let Some(buyer) = &order.buyer else { return Ok(None) };
        let Some(id) = id_of(channel.entity, &buyer.email) else { return Ok(None) };
        let before = self.customer(id)?.map(|known| Customer::clone(known));
        let new = || Customer {
            id,
            entity: channel.entity,
            person: Person::of(buyer),
            consents: BTreeMap::new(),
            created: now,
            purchased: None,
            version: 0,
        };
        let customer = before.unwrap_or_else(new);
        Ok(Some(Customer { purchased: Some(now), version: customer.version + 1, ..customer }))
    }
}

impl Order {
    /// What its buyer is counted under, also once it was erased.
    pub fn buyer_hash(&self) -> Option<Hash> {
        let erased = self.extras().after.erased.as_ref();
        self.buyer.as_ref().and_then(|buyer| buyer.hash()).or_else(|| erased?.buyer)
    }

    /// Who bought it, unless that was erased.
    pub fn known_buyer(&self) -> Option<&Buyer> {
        self.buyer.as_deref().filter(|_| self.extras().after.erased.is_none())
    }
}

/// Customers that are in memory: those that somebody looked for or changed lately.
#[derive(Debug, Default)]
pub struct Customers {
    rows: HashMap<CustomerId, Slot>,
}

/// A row with the journal number of its last change.
#[derive(Debug)]
struct Slot {
    row: Arc<Customer>,
    seq: u64,
}

impl Customers {
    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &Arc<Customer>, seq: u64) {
        self.rows.insert(row.id, Slot { row: row.clone(), seq });
    }

    /// Takes one out.
    pub(crate) fn delete(&mut self, id: CustomerId) {
        self.rows.remove(&id);
    }

    /// Drops a row from memory, if the tables have it.
    pub(crate) fn evict(&mut self, id: CustomerId, applied_seq: u64) {
        if self.rows.get(&id).is_some_and(|slot| slot.seq <= applied_seq) {
            self.rows.remove(&id);
        }
    }
}
