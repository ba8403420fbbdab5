/**
 * What the shop sells. In a real shop this comes from the backend; ids are its `products.id`.
 */
import type { Product } from '@gxy/tracker';

export type Art = 'lamp' | 'pendant' | 'candle' | 'vase' | 'bowl' | 'mug' | 'blanket' | 'cushion' | 'rug' | 'clock' | 'plant' | 'stool';

export interface Article {
  id: string;
  name: string;
  slug: string;
  category: string;
  price: number;
  listPrice?: number;
  brand: string;
  art: Art;
  tint: string;
  variants: string[];
  line: string;
  story: string;
}

export const CATEGORIES = [
  { slug: 'lighting', name: 'Lighting', line: 'Light that lets the evening be evening.' },
  { slug: 'ceramics', name: 'Ceramics', line: 'Thrown by hand, fired twice, used daily.' },
  { slug: 'textiles', name: 'Textiles', line: 'Wool and linen, woven to be worn in.' },
  { slug: 'living', name: 'Living', line: 'The few things a room is missing.' },
] as const;

export const ARTICLES: readonly Article[] = [
  { id: '1', slug: 'dusk-table-lamp', name: 'Dusk table lamp', category: 'lighting', price: 89, brand: 'Norrsken', art: 'lamp', tint: '#f1dfc4', variants: ['Sand', 'Moss'], line: 'A linen shade on turned ash', story: 'The shade is two layers of washed linen, so the bulb never shows and the light has no edge. The foot is one piece of ash, oiled, and gets better with handling.' },
  { id: '2', slug: 'halo-pendant', name: 'Halo pendant', category: 'lighting', price: 149, listPrice: 179, brand: 'Norrsken', art: 'pendant', tint: '#d9e2dc', variants: ['Brass', 'Graphite'], line: 'Spun metal over the long table', story: 'Spun from a single sheet, brushed outside and white inside. Hang it low: sixty centimetres above the table is right.' },
  { id: '3', slug: 'beeswax-trio', name: 'Beeswax trio', category: 'lighting', price: 24.5, brand: 'Gård', art: 'candle', tint: '#f4e3b5', variants: ['Natural'], line: 'Three pillars, forty hours each', story: 'Pure beeswax from one valley, poured in three heights. They smell of summer and do not drip.' },
  { id: '4', slug: 'tidal-vase', name: 'Tidal vase', category: 'ceramics', price: 64, brand: 'Lera', art: 'vase', tint: '#d5e0e4', variants: ['Slate', 'Chalk'], line: 'Reactive glaze, never twice', story: 'The glaze runs in the kiln and stops where it likes. Tall enough for branches, narrow enough for a single one.' },
  { id: '5', slug: 'everyday-bowl', name: 'Everyday bowl', category: 'ceramics', price: 28, brand: 'Lera', art: 'bowl', tint: '#ead9cf', variants: ['Oat', 'Ink'], line: 'Soup, salad, keys', story: 'A shape that took eleven tries. Stacks, goes into the oven, forgives the dishwasher.' },
  { id: '6', slug: 'two-finger-mug', name: 'Two-finger mug', category: 'ceramics', price: 22, brand: 'Lera', art: 'mug', tint: '#e3e0cf', variants: ['Oat', 'Moss', 'Ink'], line: 'Three decilitres of morning', story: 'A handle for two fingers and a rim thin enough that you notice. Glazed inside, bare outside.' },
  { id: '7', slug: 'fell-blanket', name: 'Fell blanket', category: 'textiles', price: 129, brand: 'Ullmark', art: 'blanket', tint: '#e9d6d0', variants: ['Heather', 'Bark'], line: 'Undyed lambswool, 130 × 180', story: 'Woven from the second shearing, when the wool is softest. No dye: the stripes are different sheep.' },
  { id: '8', slug: 'harvest-cushion', name: 'Harvest cushion', category: 'textiles', price: 45, listPrice: 58, brand: 'Ullmark', art: 'cushion', tint: '#f0dcc0', variants: ['Ochre', 'Clay'], line: 'Heavy linen, feather filled', story: 'Linen heavy enough to keep its corners, filled with feathers that can be taken out and aired.' },
  { id: '9', slug: 'path-runner', name: 'Path runner', category: 'textiles', price: 175, brand: 'Ullmark', art: 'rug', tint: '#dcdfd2', variants: ['Forest'], line: 'Flat-woven, 70 × 200', story: 'A flat weave that lies still. Turn it over after a year and start again.' },
  { id: '10', slug: 'quiet-clock', name: 'Quiet clock', category: 'living', price: 72, brand: 'Norrsken', art: 'clock', tint: '#e2dccf', variants: ['Ash', 'Smoked'], line: 'Sweeping hand, no tick', story: 'The movement sweeps, so there is nothing to hear. Two hands, twelve marks, one battery in two years.' },
  { id: '11', slug: 'windowsill-fig', name: 'Windowsill fig', category: 'living', price: 38, brand: 'Gård', art: 'plant', tint: '#d6e3cf', variants: ['Small', 'Large'], line: 'In a terracotta pot with saucer', story: 'Ficus that stays small, in a pot that breathes. Water it when you water yourself.' },
  { id: '12', slug: 'milking-stool', name: 'Milking stool', category: 'living', price: 98, brand: 'Norrsken', art: 'stool', tint: '#eadfca', variants: ['Ash', 'Smoked'], line: 'Three legs, never wobbles', story: 'Wedged joints, no screws, no glue that matters. A seat, a step, a bedside table.' },
];

/** The article of that id, if it is sold. */
export const articleOf = (id: string): Article | undefined => ARTICLES.find((article) => article.id === id);

/** Articles with every word of `query` in their name, category, brand or line. */
export function search(query: string): Article[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = ({ name, category, brand, line }: Article) => `${name} ${category} ${brand} ${line}`.toLowerCase();
  return words.length ? ARTICLES.filter((article) => words.every((word) => textOf(article).includes(word))) : [];
}

/** What the tracker is told of an article. */
export function productOf(article: Article, more: Partial<Product> = {}): Product {
  const { id, name, category, price, listPrice, brand } = article;
  return { id, name, brand, price, category: `Home/${titleOf(category)}`, ...(listPrice ? { listPrice } : {}), ...more };
}

/** A category's name as people read it. */
export const titleOf = (slug: string): string => CATEGORIES.find((category) => category.slug === slug)?.name ?? slug;

/** An amount in the shop's currency. */
export const euros = (amount: number): string => new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' }).format(amount);
