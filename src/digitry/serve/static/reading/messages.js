// What comes back where no reading does, or one that is not the last word.

export const OVERTAKEN = "overtaken by a newer drawing";
export const TO_COME = "the network for numbers is still loading";
