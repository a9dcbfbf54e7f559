//! The set of things that a walk has been at.

/// Things a walk has been at, kept alive.
#[derive(Debug)]
pub struct Visited<H> {
    handles: Vec<H>,
    /// Identities by their hash, each at the first free place from there on; zero is a free place. At most half full.
    places: Vec<usize>,
}

impl<H> Default for Visited<H> {
    fn default() -> Self {
        Self { handles: Vec::new(), places: Vec::new() }
    }
}

impl<H> Visited<H> {
    /// Where an identity is, or the free place for it.
    fn place(places: &[usize], identity: usize) -> usize {
        // Addresses differ in their middle bits; the product has what tells them apart in its upper ones.
        let hash = (identity as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let mut place = hash as usize & (places.len() - 1);
        while places[place] != 0 && places[place] != identity {
            place = (place + 1) & (places.len() - 1);
        }
        place
    }

    /// Whether the walk has been here.
    pub fn contains(&self, identity: usize) -> bool {
        !self.places.is_empty() && self.places[Self::place(&self.places, Self::stored(identity))] != 0
    }

    /// Takes something in. Says whether it is new.
    pub fn insert(&mut self, identity: usize, handle: impl FnOnce() -> H) -> bool {
        if 2 * (self.handles.len() + 1) > self.places.len() {
            self.grow();
        }
        let identity = Self::stored(identity);
        let place = Self::place(&self.places, identity);
        if self.places[place] != 0 {
            return false;
        }
        self.places[place] = identity;
        self.handles.push(handle());
        true
    }

    /// An identity as it is written: not zero.
    fn stored(identity: usize) -> usize {
        // Nothing lives at the last address.
        if identity == 0 { usize::MAX } else { identity }
    }

    #[cold]
    fn grow(&mut self) {
        let mut places = vec![0; (4 * self.places.len()).max(16)];
        for &identity in self.places.iter().filter(|&&identity| identity != 0) {
            let place = Self::place(&places, identity);
            places[place] = identity;
        }
        self.places = places;
    }

    /// What the walk has been at, in order.
    pub fn handles(&self) -> impl Iterator<Item = &H> {
        self.handles.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_new_once() {
        let mut visited = Visited::default();
        // Addresses as allocators give them, far apart and close by, and zero.
        let identities = (0..3000).map(|i| i * 16).chain((1..3000).map(|i| i << 20)).chain([7, usize::MAX - 1]);
        for identity in identities.clone() {
            assert!(!visited.contains(identity));
            assert!(visited.insert(identity, || identity));
            assert!(visited.contains(identity));
        }
        for identity in identities.clone() {
            assert!(!visited.insert(identity, || unreachable!()));
        }
        assert!(visited.handles().copied().eq(identities));
        assert!(!Visited::<()>::default().contains(1));
    }
}
