"""What the simulated shops sell: categories with a base price, nouns to name products by, and what goes together.

Plain data; products are made of it by `catalogue.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """One category of a shop."""

    category: str
    base_price: int  # EUR, median of the category
    nouns: tuple[str, ...]
    goes_with: str  # category whose products land in the same basket


ADJECTIVES = (
    "Classic", "Nordic", "Slim", "Compact", "Deluxe", "Everyday", "Vintage", "Soft", "Bold", "Little",
    "Grand", "Quiet", "Sunny", "Rustic", "Modern", "Urban",
)  # fmt: skip
BRANDS = ("Arbor", "Kestrel", "Lumen", "Nordlys", "Oak & Ash", "Pico", "Solveig", "Tern", "Umbra Nova", "Vela")

HOME = (
    Theme("Lighting", 45, ("Table Lamp", "Floor Lamp", "Pendant", "Wall Light", "Candle Holder", "Lantern"), "Bedroom"),
    Theme("Bedroom", 60, ("Duvet", "Pillow", "Linen Set", "Throw", "Bedside Table", "Blanket"), "Lighting"),
    Theme("Kitchen", 28, ("Mug", "Plate", "Carafe", "Teapot", "Cutting Board", "Bowl", "Knife"), "Dining"),
    Theme("Dining", 35, ("Tablecloth", "Napkins", "Glass", "Serving Tray", "Cutlery Set"), "Kitchen"),
    Theme("Bathroom", 22, ("Towel", "Soap Dish", "Bath Mat", "Mirror", "Laundry Basket"), "Bedroom"),
    Theme("Garden", 39, ("Planter", "Watering Can", "Bench", "Bird House", "Outdoor Rug"), "Lighting"),
)
OUTDOOR = (
    Theme("Tents", 240, ("Two-Person Tent", "Tarp", "Family Tent", "Bivouac", "Footprint"), "Sleeping"),
    Theme("Sleeping", 110, ("Sleeping Bag", "Sleeping Mat", "Hammock", "Travel Pillow"), "Tents"),
    Theme("Footwear", 120, ("Hiking Boot", "Trail Shoe", "Gaiters", "Wool Sock"), "Clothing"),
    Theme("Clothing", 75, ("Rain Jacket", "Fleece", "Base Layer", "Beanie", "Hiking Trousers"), "Footwear"),
    Theme("Packs", 95, ("Daypack", "Trekking Pack", "Dry Bag", "Hip Pack"), "Cooking"),
    Theme("Cooking", 38, ("Stove", "Gas Canister", "Cook Set", "Spork", "Water Filter", "Bottle"), "Packs"),
)
PANTRY = (
    Theme("Spices", 4, ("Turmeric", "Garam Masala", "Cardamom", "Saffron", "Cumin", "Chilli", "Coriander"), "Rice & Pulses"),
    Theme("Rice & Pulses", 7, ("Basmati", "Red Lentils", "Chickpeas", "Mung Beans", "Poha"), "Spices"),
    Theme("Tea", 9, ("Assam", "Darjeeling", "Masala Chai", "Green Tea", "Tulsi Tea"), "Sweets"),
    Theme("Sweets", 8, ("Barfi", "Laddu", "Jaggery", "Halwa", "Soan Papdi"), "Tea"),
    Theme("Oils & Ghee", 11, ("Ghee", "Mustard Oil", "Coconut Oil", "Sesame Oil"), "Spices"),
    Theme("Cookware", 32, ("Tawa", "Kadai", "Pressure Cooker", "Masala Box", "Idli Stand"), "Rice & Pulses"),
)
STATIONERY = (
    Theme("Pens", 12, ("Fountain Pen", "Gel Pen", "Brush Pen", "Pencil", "Marker Set"), "Ink"),
    Theme("Ink", 14, ("Ink Bottle", "Cartridges", "Converter", "Ink Sampler"), "Pens"),
    Theme("Notebooks", 16, ("Notebook", "Planner", "Sketchbook", "Loose Leaf", "Journal"), "Pens"),
    Theme("Paper", 9, ("Letter Set", "Origami Paper", "Washi Tape", "Stickers", "Envelope Set"), "Notebooks"),
    Theme("Desk", 25, ("Pen Case", "Desk Tray", "Ruler", "Scissors", "Desk Lamp"), "Notebooks"),
)
BOOKS = (
    Theme("Crime", 11, ("Inspector's Case", "Cold Harbour", "Last Witness", "Silent Lodge", "Night Ferry"), "Biscuits"),
    Theme("Fantasy", 14, ("Ember Crown", "Salt Road", "Glass Forest", "Hollow King", "Winter Atlas"), "Maps"),
    Theme("Cooking", 22, ("Bread Book", "Garden Kitchen", "One Pan", "Pudding Almanac"), "Biscuits"),
    Theme("Children", 8, ("Bear's Picnic", "Moon Boat", "Owl Post", "Puddle Song"), "Maps"),
    Theme("Maps", 13, ("Walking Map", "Star Chart", "Island Atlas", "City Guide"), "Fantasy"),
    Theme("Biscuits", 6, ("Shortbread", "Oat Biscuit", "Ginger Snap", "Reading Tea"), "Crime"),
)
