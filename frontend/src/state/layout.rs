//! Which panels are open, what they cover, and what Escape does. Pure data; `components/layout.rs` puts it into the
//! context and feeds it.

/// A panel beside the open room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// The list of joined rooms.
    Rooms,
    /// Who is in the open room.
    People,
}

/// Where a panel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// The column before the room. In one column it covers the whole page.
    Start,
    /// The column behind the room, with one panel at a time. In one or two columns it covers the room.
    End,
}

/// How many columns the window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Columns {
    /// A panel or the room.
    One,
    /// The rooms and the room.
    Two,
    /// The rooms, the room, and a panel behind it.
    #[default]
    Three,
}

/// A part of the page that a panel may cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// The head of the room, except for its name.
    Header,
    /// Log and composer.
    Room,
    /// The column behind the room.
    End,
}

/// What Escape did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// It belongs to a dialog, a menu or a popover, which closes itself.
    Overlay,
    /// It closed a panel.
    Closed(Panel),
    /// Nothing was open: it means the room.
    Room,
}

/// What the end slot shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum EndSlot {
    /// Nobody chose: the people if there is a column for them.
    #[default]
    ByColumns,
    /// Somebody closed it.
    Closed,
    /// Somebody opened a panel.
    Open(Panel),
}

/// The panels of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    columns: Columns,
    /// The panel of the start slot is open. In two or three columns it is always there.
    start: bool,
    end: EndSlot,
    /// How many dialogs, menus and popovers are open.
    overlays: usize,
}

impl Panel {
    fn slot(self) -> Slot {
        match self {
            Self::Rooms => Slot::Start,
            Self::People => Slot::End,
        }
    }
}

impl Layout {
    /// The window has another number of columns. A choice for the end slot ends where its column comes or goes.
    pub fn set_columns(&mut self, columns: Columns) {
        let had_end = self.columns == Columns::Three;
        if had_end != (columns == Columns::Three) {
            self.end = EndSlot::ByColumns;
        }
        self.columns = columns;
    }

    /// Whether a panel is to be seen.
    pub fn is_open(&self, panel: Panel) -> bool {
        match panel.slot() {
            Slot::Start => self.columns > Columns::One || self.start,
            Slot::End => self.end_panel() == Some(panel),
        }
    }

    /// Opens a panel.
    pub fn open(&mut self, panel: Panel) {
        match panel.slot() {
            Slot::Start => self.start = true,
            Slot::End => self.end = EndSlot::Open(panel),
        }
    }

    /// Closes a panel. In two or three columns the start slot stays.
    pub fn close(&mut self, panel: Panel) {
        match panel.slot() {
            Slot::Start => self.start = false,
            Slot::End if self.is_open(panel) => self.end = EndSlot::Closed,
            Slot::End => {}
        }
    }

    /// Opens a closed panel and closes an open one.
    pub fn toggle(&mut self, panel: Panel) {
        if self.is_open(panel) {
            self.close(panel);
        } else {
            self.open(panel);
        }
    }

    /// Whether an open panel covers a region, so that neither keys nor screen readers may reach it.
    pub fn covers(&self, region: Region) -> bool {
        let one = self.columns == Columns::One;
        match region {
            Region::Header | Region::End => one && self.start,
            Region::Room => one && (self.start || self.end_panel().is_some()),
        }
    }

    /// A dialog, a menu or a popover opened.
    pub fn overlay_opened(&mut self) {
        self.overlays += 1;
    }

    /// A dialog, a menu or a popover closed.
    pub fn overlay_closed(&mut self) {
        self.overlays = self.overlays.saturating_sub(1);
    }

    /// Whether a dialog, a menu or a popover has the keyboard.
    pub fn has_overlay(&self) -> bool {
        self.overlays > 0
    }

    /// Closes the topmost panel that covers something.
    pub fn escape(&mut self) -> Escape {
        let covering = match self.end_panel() {
            _ if self.has_overlay() => return Escape::Overlay,
            _ if self.columns == Columns::One && self.start => Some(Panel::Rooms),
            Some(panel) if self.columns < Columns::Three => Some(panel),
            _ => None,
        };
        covering.map_or(Escape::Room, |panel| {
            self.close(panel);
            Escape::Closed(panel)
        })
    }

    /// The panel in the end slot.
    fn end_panel(&self) -> Option<Panel> {
        match self.end {
            EndSlot::ByColumns => (self.columns == Columns::Three).then_some(Panel::People),
            EndSlot::Closed => None,
            EndSlot::Open(panel) => Some(panel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(columns: Columns) -> Layout {
        Layout { columns, ..Layout::default() }
    }

    #[test]
    fn the_number_of_columns_decides_until_somebody_does() {
        for (columns, rooms, people) in
            [(Columns::One, false, false), (Columns::Two, true, false), (Columns::Three, true, true)]
        {
            let mut layout = layout(columns);
            assert_eq!((layout.is_open(Panel::Rooms), layout.is_open(Panel::People)), (rooms, people));
            layout.toggle(Panel::People);
            assert_eq!(layout.is_open(Panel::People), !people);
            layout.toggle(Panel::People);
            assert_eq!(layout.is_open(Panel::People), people);
        }
    }

    #[test]
    fn a_choice_ends_where_the_column_comes_or_goes() {
        let mut layout = layout(Columns::Three);
        layout.close(Panel::People);
        layout.set_columns(Columns::Three);
        assert!(!layout.is_open(Panel::People), "the same width");
        layout.set_columns(Columns::Two);
        layout.open(Panel::People);
        layout.set_columns(Columns::One);
        assert!(layout.is_open(Panel::People), "narrower, but it lay over the room before");
        layout.set_columns(Columns::Three);
        assert!(layout.is_open(Panel::People));
        layout.set_columns(Columns::Two);
        assert!(!layout.is_open(Panel::People));
    }

    #[test]
    fn what_is_covered_cannot_be_reached() {
        let covered =
            |layout: &Layout| [Region::Header, Region::Room, Region::End].map(|region| layout.covers(region));
        for columns in [Columns::Two, Columns::Three] {
            let mut layout = layout(columns);
            layout.open(Panel::Rooms);
            layout.open(Panel::People);
            assert_eq!(covered(&layout), [false; 3], "beside or over a part of the room: {columns:?}");
        }
        let mut one = layout(Columns::One);
        assert_eq!(covered(&one), [false; 3]);
        one.open(Panel::People);
        assert_eq!(covered(&one), [false, true, false]);
        one.open(Panel::Rooms);
        assert_eq!(covered(&one), [true; 3]);
    }

    #[test]
    fn escape_closes_from_the_top() {
        let mut layout = layout(Columns::One);
        layout.open(Panel::People);
        layout.open(Panel::Rooms);
        layout.overlay_opened();
        assert_eq!(layout.escape(), Escape::Overlay);
        layout.overlay_closed();
        assert_eq!(layout.escape(), Escape::Closed(Panel::Rooms));
        assert_eq!(layout.escape(), Escape::Closed(Panel::People));
        assert_eq!(layout.escape(), Escape::Room);
    }

    #[test]
    fn escape_leaves_columns_alone() {
        let mut layout = layout(Columns::Three);
        layout.open(Panel::Rooms);
        assert_eq!(layout.escape(), Escape::Room);
        assert!(layout.is_open(Panel::Rooms) && layout.is_open(Panel::People));
        layout.set_columns(Columns::Two);
        layout.open(Panel::People);
        assert_eq!(layout.escape(), Escape::Closed(Panel::People));
    }
}
