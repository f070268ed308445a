// The top of one page as a picture: node one_page.mjs ADDRESS CHROMIUM OUT.png WIDTH HEIGHT [dark]

import { chromium } from "playwright-core";

const [address, executablePath, path, width, height, colorScheme] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) }, colorScheme });
await page.goto(address);
await page.screenshot({ path });
await browser.close();
