//! What is on sale during a run: sessions one after another, and which places of them to ask for next. It believes what it read at the start
//! and what its own buyers did; that others buy too shows as conflicts.

use std::collections::VecDeque;

use super::chance::Chance;

/// How many of the next groups of seats are the hot ones that several buyers aim at.
const HOT: usize = 64;

/// The places of one session.
pub struct Hall {
    /// The session.
    pub session: u64,
    /// Groups of neighbouring free seats, each one order's worth, one behind the other.
    seats: Vec<u64>,
    /// Which groups are asked for, in this order.
    groups: VecDeque<u32>,
    /// Price types with the places believed free; used when the server picks.
    pub price_types: Vec<(u64, u64)>,
}

/// What one order asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The session.
    pub session: u64,
    /// The places.
    pub places: Places,
}

/// Which places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    /// These seats.
    Named {
        /// Where they stand in their hall's list.
        group: u32,
        /// Their ids.
        seats: Vec<u64>,
    },
    /// As many as the run's quantity, of this price type.
    Any(u64),
}

/// How places are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picking {
    /// By seat id, with this share aimed at hot seats.
    ById,
    /// By price type.
    Auto,
}

/// The sessions of a run, the hot one first.
pub struct Supply {
    halls: VecDeque<Hall>,
    picking: Picking,
    quantity: u64,
    turn: usize,
}

impl Supply {
    /// Sells `halls` one after the other, `quantity` places an order.
    pub fn new(halls: Vec<Hall>, picking: Picking, quantity: u32) -> Self {
        Self { halls: halls.into(), picking, quantity: u64::from(quantity), turn: 0 }
    }

    /// The session being sold now.
    pub fn session(&self) -> Option<u64> {
        self.halls.front().map(|hall| hall.session)
    }

    /// How many more orders can be served, as far as is known.
    pub fn orders_left(&self) -> u64 {
        self.halls.iter().map(|hall| hall.orders_left(self.picking, self.quantity)).sum()
    }

    /// What the next order asks for; `hot` aims at seats others want too. `None` when all is sold.
    pub fn pick(&mut self, hot: bool, chance: &mut Chance) -> Option<Pick> {
        while self.halls.front().is_some_and(|hall| hall.orders_left(self.picking, self.quantity) == 0) {
            self.halls.pop_front();
        }
        let hall = self.halls.front_mut()?;
        let places = match self.picking {
            Picking::ById if hot => hall.named(*hall.groups.get(chance.below(hall.groups.len().min(HOT)))?, self.quantity),
            Picking::ById => {
                let group = hall.groups.pop_front()?;
                hall.named(group, self.quantity)
            }
            Picking::Auto => Places::Any(hall.next_price_type(&mut self.turn, self.quantity)?),
        };
        Some(Pick { session: hall.session, places })
    }

    /// The server said that these places are not to be had.
    pub fn refused(&mut self, pick: &Pick) {
        if let (Places::Any(price_type), Some(hall)) = (&pick.places, self.hall(pick.session)) {
            hall.price_types.retain(|(id, _)| id != price_type);
        }
    }

    /// These places are free again.
    pub fn give_back(&mut self, pick: Pick) {
        let quantity = self.quantity;
        let Some(hall) = self.hall(pick.session) else { return };
        match pick.places {
            Places::Named { group, .. } => hall.groups.push_back(group),
            Places::Any(price_type) => {
                hall.price_types.iter_mut().filter(|(id, _)| *id == price_type).for_each(|(_, left)| *left += quantity)
            }
        }
    }

    fn hall(&mut self, session: u64) -> Option<&mut Hall> {
        self.halls.iter_mut().find(|hall| hall.session == session)
    }
}

impl Hall {
    /// The free seats of a session, cut into groups of `quantity` neighbours and mixed.
    pub fn mixed(session: u64, runs: &[Vec<u64>], price_types: Vec<(u64, u64)>, quantity: u32, chance: &mut Chance) -> Self {
        let seats: Vec<u64> = runs.iter().flat_map(|run| run.chunks_exact(quantity as usize)).flatten().copied().collect();
        let mut groups: Vec<u32> = (0..).take(seats.len() / quantity as usize).collect();
        chance.shuffle(&mut groups);
        Self { session, seats, groups: groups.into(), price_types }
    }

    fn named(&self, group: u32, quantity: u64) -> Places {
        let (size, start) = (quantity as usize, group as usize * quantity as usize);
        Places::Named { group, seats: self.seats[start..start + size].to_vec() }
    }

    /// How many orders its places are enough for.
    pub fn orders_left(&self, picking: Picking, quantity: u64) -> u64 {
        match picking {
            Picking::ById => self.groups.len() as u64,
            Picking::Auto => self.price_types.iter().map(|(_, left)| left / quantity).sum(),
        }
    }

    /// Price types in turns, as long as they are believed to have enough.
    fn next_price_type(&mut self, turn: &mut usize, quantity: u64) -> Option<u64> {
        let types = self.price_types.len();
        let next = (0..types).map(|step| (*turn + 1 + step) % types).find(|&place| self.price_types[place].1 >= quantity)?;
        *turn = next;
        let (id, left) = &mut self.price_types[next];
        *left -= quantity;
        Some(*id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_small_halls(picking: Picking, quantity: u32) -> Supply {
        let mut chance = Chance::new(3);
        let mut hall = |session, first: u64| {
            Hall::mixed(
                session,
                &[(first..first + 5).collect(), (first + 10..first + 14).collect()],
                vec![(1, 5), (2, 4)],
                quantity,
                &mut chance,
            )
        };
        Supply::new(vec![hall(1, 100), hall(2, 200)], picking, quantity)
    }

    #[test]
    fn every_pair_of_neighbours_is_asked_for_once_and_then_the_next_session() {
        let (mut supply, mut chance) = (two_small_halls(Picking::ById, 2), Chance::new(1));
        assert_eq!(supply.orders_left(), 8);
        let picks: Vec<Pick> = std::iter::from_fn(|| supply.pick(false, &mut chance)).collect();
        assert_eq!(picks.iter().map(|pick| pick.session).collect::<Vec<_>>(), vec![1, 1, 1, 1, 2, 2, 2, 2]);
        let mut seats: Vec<u64> = picks
            .iter()
            .flat_map(|pick| match &pick.places {
                Places::Named { seats, .. } => seats.clone(),
                Places::Any(_) => panic!("asked by id"),
            })
            .collect();
        seats.sort_unstable();
        seats.dedup();
        assert_eq!(seats.len(), 16);
    }

    #[test]
    fn a_hot_seat_is_wanted_again_by_somebody_else() {
        let (mut supply, mut chance) = (two_small_halls(Picking::ById, 1), Chance::new(1));
        let before = supply.orders_left();
        let hot = supply.pick(true, &mut chance).unwrap();
        assert_eq!(supply.orders_left(), before);
        let rest: Vec<Pick> = std::iter::from_fn(|| supply.pick(false, &mut chance)).collect();
        assert!(rest.contains(&hot));
    }

    #[test]
    fn a_refused_price_type_is_not_asked_for_again() {
        let (mut supply, mut chance) = (two_small_halls(Picking::Auto, 1), Chance::new(1));
        let first = supply.pick(false, &mut chance).unwrap();
        supply.refused(&first);
        let rest: Vec<Pick> = std::iter::from_fn(|| supply.pick(false, &mut chance)).filter(|pick| pick.session == first.session).collect();
        assert!(!rest.is_empty() && rest.iter().all(|pick| pick.places != first.places));
    }

    #[test]
    fn what_is_given_back_is_sold_again() {
        let (mut supply, mut chance) = (two_small_halls(Picking::ById, 1), Chance::new(1));
        let pick = supply.pick(false, &mut chance).unwrap();
        let left = supply.orders_left();
        supply.give_back(pick);
        assert_eq!(supply.orders_left(), left + 1);
    }
}
