// Answers other than a final reading.

export const OVERTAKEN = "overtaken by a newer drawing";
export const TO_COME = "the network for numbers is still loading";
