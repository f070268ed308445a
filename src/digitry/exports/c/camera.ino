// Reads the digit held in front of an ESP32-CAM (AI-Thinker's board) and prints it on the serial port at 115,200 baud.
// Grey frames of 160x120 pixels: 19 kB for the frame, 38 kB for finding the digit, and the network's own memory.
#include <Arduino.h>
#include <esp_camera.h>

#include <digitry_frame.h>
#include <digits.h>

static const float LEAST = 0.9f;  // less probable digits are not printed
static const char *const names[DIGITRY_CLASSES] = DIGITRY_NAMES;

static camera_config_t configured() {
  camera_config_t config = {};
  config.pin_pwdn = 32, config.pin_reset = -1, config.pin_xclk = 0;
  config.pin_sccb_sda = 26, config.pin_sccb_scl = 27;
  config.pin_d7 = 35, config.pin_d6 = 34, config.pin_d5 = 39, config.pin_d4 = 36;
  config.pin_d3 = 21, config.pin_d2 = 19, config.pin_d1 = 18, config.pin_d0 = 5;
  config.pin_vsync = 25, config.pin_href = 23, config.pin_pclk = 22;
  config.xclk_freq_hz = 20000000;
  config.ledc_timer = LEDC_TIMER_0, config.ledc_channel = LEDC_CHANNEL_0;
  config.pixel_format = PIXFORMAT_GRAYSCALE;
  config.frame_size = FRAMESIZE_QQVGA;
  config.fb_count = 1;
  config.fb_location = CAMERA_FB_IN_DRAM;
  config.grab_mode = CAMERA_GRAB_WHEN_EMPTY;
  return config;
}

void setup() {
  Serial.begin(115200);
  const camera_config_t config = configured();
  if (esp_camera_init(&config) != ESP_OK) Serial.println("there is no camera");
}

void loop() {
  static unsigned char image[DIGITRY_SIDE * DIGITRY_SIDE];
  static float probabilities[DIGITRY_CLASSES];
  camera_fb_t *frame = esp_camera_fb_get();
  if (frame == nullptr) {
    delay(1000);
    return;
  }
  const unsigned long began = millis();
  const bool found = digitry_find(frame->buf, frame->width, frame->height, DIGITRY_AUTO, image);
  esp_camera_fb_return(frame);
  if (found) {
    digitry_read(image, probabilities);
    int best = 0;
    for (int i = 1; i < DIGITRY_CLASSES; i++)
      if (probabilities[i] > probabilities[best]) best = i;
    const char *name = probabilities[best] >= LEAST ? names[best] : "not sure";
    Serial.printf("%s  %.1f%%  %lu ms\n", name, 100 * probabilities[best], millis() - began);
  }
  delay(200);
}
